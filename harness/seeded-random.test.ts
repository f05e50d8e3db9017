import { expect, test } from "bun:test";
import { newSeed, seededRandom } from "./seeded-random.ts";

test("a seed reproduces its numbers, which are at least 0 and below 1", () => {
  const draw = (seed: number) => Array.from({ length: 1_000 }, seededRandom(seed));
  const seed = newSeed();
  const numbers = draw(seed);
  expect(draw(seed)).toEqual(numbers);
  expect(draw(seed + 1)).not.toEqual(numbers);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(new Set(numbers.map((number) => Math.floor(number * 10))).size).toBe(10);
});
