import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { openPace } from "./pace.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Notes a change every `everyMs` for `forMs`. Returns the fetches in that time and afterwards. */
function burst(everyMs: number, forMs: number) {
  let fetches = 0;
  const pace = openPace(() => fetches++);
  for (let ms = 0; ms < forMs; ms += everyMs) {
    pace.note();
    jest.advanceTimersByTime(everyMs);
  }
  const during = fetches;
  jest.advanceTimersByTime(60_000);
  pace.stop();
  return { during, after: fetches - during };
}

test("a single change is fetched at once, and nothing after it", () => {
  expect(burst(1, 1)).toEqual({ during: 1, after: 0 });
});

test("a burst of a minute costs few fetches, and its last change is fetched", () => {
  for (const everyMs of [10, 200, 300]) {
    const { during, after } = burst(everyMs, 60_000);
    expect(during).toBeLessThanOrEqual(20);
    expect(during).toBeGreaterThanOrEqual(12);
    expect(after).toBe(1);
  }
});

test("changes now and then are fetched within a second", () => {
  const { during } = burst(700, 60_000);
  expect(during).toBeGreaterThanOrEqual(40);
});

test("after a quiet time, a change is fetched at once again", () => {
  let fetches = 0;
  const pace = openPace(() => fetches++);
  for (let ms = 0; ms < 30_000; ms += 100) {
    pace.note();
    jest.advanceTimersByTime(100);
  }
  jest.advanceTimersByTime(10_000);
  const before = fetches;
  pace.note();
  expect(fetches).toBe(before + 1);
  jest.advanceTimersByTime(500);
  pace.note();
  expect(fetches).toBe(before + 1);
  jest.advanceTimersByTime(501);
  expect(fetches).toBe(before + 2);
  pace.stop();
});
