// ALL_KILLS=1 makes tests kill at each call, from each state and with all hosts, and draw all their random cases, which takes minutes;
// without it at some, with few.

export const ALL_KILLS = process.env.ALL_KILLS === "1";

/** Cases that a test draws: a quarter of them without ALL_KILLS=1. Each run draws others. */
export function drawnCases(count: number): number {
  return ALL_KILLS ? count : Math.ceil(count / 4);
}
