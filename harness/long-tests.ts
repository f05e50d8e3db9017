// The long form of tests, with LONG_TESTS=1, as `npm test -- --long` sets it: tests kill at every call, from
// every state and with all hosts, run on each release of Debian, and run all their random cases. That takes
// minutes. Without it, each promise is tested once, on a sample.

export const LONG_TESTS = process.env.LONG_TESTS === "1";

/**
 * Returns how many random cases a test runs: a sixth of `count` without LONG_TESTS=1. Each run has new
 * cases.
 */
export function drawnCases(count: number): number {
  return LONG_TESTS ? count : Math.ceil(count / 6);
}

/** Returns all values with LONG_TESTS=1, otherwise `count` of them, drawn at random in each run. */
export function drawSome<T>(values: readonly T[], count = 1): readonly T[] {
  if (LONG_TESTS) return values;
  const keyed = values.map((value) => ({ value, key: Math.random() })).sort((a, b) => a.key - b.key);
  return keyed.slice(0, count).map(({ value }) => value);
}
