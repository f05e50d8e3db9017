import { expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { backOffMs, jitteredMs, wait } from "./back-off.ts";

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the limit doubles with each failure, from one second up to five minutes", () => {
  const longest = () => 1;
  expect([1, 2, 3, 4, 9, 10, 1_000_000].map((failures) => backOffMs(failures, longest))).toEqual([
    1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000,
  ]);
});

test("each wait is between 0 and the limit, and grows with the random number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fraction, fraction, (failures, one, other) => {
      const waits = [one, other].sort((left, right) => left - right).map((r) => backOffMs(failures, () => r));
      expect(waits[0]).toBeGreaterThanOrEqual(0);
      expect(waits[0]).toBeLessThanOrEqual(waits[1] as number);
      expect(waits[1]).toBeLessThanOrEqual(Math.min(300_000, 1_000 * 2 ** (failures - 1)));
    }),
  );
});

test("jitter is at most a tenth in either direction", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), fraction, (ms, random) => {
      const spread = jitteredMs(ms, () => random);
      expect(spread).toBeGreaterThanOrEqual(Math.round(ms * 0.9));
      expect(spread).toBeLessThanOrEqual(Math.round(ms * 1.1));
    }),
  );
});

test("limits a wait to the maximum of a timer", async () => {
  using timer = spyOn(globalThis, "setTimeout");
  const controller = new AbortController();
  const waiting = wait(2 ** 40, controller.signal);
  expect(timer.mock.lastCall?.[1]).toBe(2 ** 31 - 1);
  controller.abort();
  await waiting;
});

test("a wait ends if it is aborted before or during it", async () => {
  await wait(3_600_000, AbortSignal.abort());
  const controller = new AbortController();
  const waiting = wait(3_600_000, controller.signal);
  controller.abort();
  await waiting;
});
