// With ALL_KILLS=1, fault tests kill at every call, from every state and with all hosts, and run all their
// random cases. That takes minutes. Without it, they run a sample.

export const ALL_KILLS = process.env.ALL_KILLS === "1";

/**
 * Returns how many random cases a test runs: a sixth of `count` without ALL_KILLS=1. Each run has new
 * cases.
 */
export function drawnCases(count: number): number {
  return ALL_KILLS ? count : Math.ceil(count / 6);
}
