import { expect, test } from "bun:test";
import type { Problem } from "@attacklens/protocol/problems.ts";
import { openRetryAfter, type RetryAfter } from "./retry-after.ts";

const seconds = (problem: Problem) => problem.extras?.retryAfterSeconds as number;

function refuse(retryAfter: RetryAfter, times: number): number[] {
  return Array.from({ length: times }, () => seconds(retryAfter.refuse("full")));
}

test("a single refused client may retry within five seconds", () => {
  const draws = [0, 0.999];
  const retryAfter = openRetryAfter(
    100,
    () => 0,
    () => draws.shift()!,
  );
  expect(refuse(retryAfter, 2)).toEqual([1, 5]);
});

test("the retry window grows with recent refusals, up to five minutes, and shrinks without them", () => {
  const clock = { ms: 1_000 };
  const retryAfter = openRetryAfter(
    100,
    () => clock.ms,
    () => 0.999_999,
  );
  expect(refuse(retryAfter, 6_000).at(-1)).toBe(60);
  clock.ms += 10_000;
  expect(refuse(retryAfter, 1_000).at(-1)).toBe(70);
  expect(refuse(retryAfter, 60_000).at(-1)).toBe(300);
  clock.ms += 25_000;
  expect(refuse(retryAfter, 1)).toEqual([5]);
});

test("clients that are refused at once get retry times over the whole window", () => {
  const late = refuse(
    openRetryAfter(100, () => 0),
    8_000,
  ).slice(-2_000);
  expect(Math.min(...late)).toBeLessThan(10);
  expect(Math.max(...late)).toBeGreaterThan(60);
  for (let second = 1; second <= 80; second++)
    expect(late.filter((at) => at === second).length, `${second} s`).toBeLessThan(80);
});
