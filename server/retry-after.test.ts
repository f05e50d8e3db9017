import { expect, test } from "bun:test";
import type { Problem } from "@attacklens/protocol/problems.ts";
import { openRetryAfter } from "./retry-after.ts";

const seconds = (problem: Problem) => problem.extras?.retryAfterSeconds as number;

test("one who is refused alone is told to return within seconds", () => {
  const draws = [0, 0.999];
  const retryAfter = openRetryAfter(
    () => 0,
    () => draws.shift()!,
  );
  for (let served = 0; served < 20; served++) retryAfter.served();
  expect([seconds(retryAfter.refuse("full")), seconds(retryAfter.refuse("full"))]).toEqual([1, 5]);
});

test("the window is as long as serving all of those refused lately takes, five minutes at the most", () => {
  const clock = { ms: 1_000 };
  const retryAfter = openRetryAfter(
    () => clock.ms,
    () => 0.999_999,
  );
  // In two spans of ten seconds, 100 a second.
  for (let served = 0; served < 2_000; served++) retryAfter.served();
  let last = 0;
  for (let refused = 0; refused < 6_000; refused++) last = seconds(retryAfter.refuse("full"));
  expect(last).toBe(60);
  for (let refused = 0; refused < 60_000; refused++) last = seconds(retryAfter.refuse("full"));
  expect(last).toBe(300);

  clock.ms += 25_000;
  for (let served = 0; served < 20; served++) retryAfter.served();
  expect(seconds(retryAfter.refuse("full"))).toBe(5);
});

test("those refused at once are spread over the whole window", () => {
  const retryAfter = openRetryAfter(() => 0);
  for (let served = 0; served < 2_000; served++) retryAfter.served();
  const told = Array.from({ length: 8_000 }, () => seconds(retryAfter.refuse("full")));
  const late = told.slice(-2_000);
  expect(Math.min(...late)).toBeLessThan(10);
  expect(Math.max(...late)).toBeGreaterThan(60);
  for (let second = 1; second <= 50; second++)
    expect(late.filter((at) => at === second).length, `${second} s`).toBeLessThan(100);
});
