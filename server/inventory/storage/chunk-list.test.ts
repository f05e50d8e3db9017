import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawnCases } from "../../../harness/long-tests.ts";
import { type ChunkList, countCommon, decodeChunkList, encodeChunkList } from "./chunk-list.ts";

const sorted = (entries: [number, number][]): ChunkList =>
  new Map([...new Map(entries)].sort(([one], [other]) => one - other));
const chunk = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.maxSafeNat().map((number) => number % 2 ** 48),
);
const list = fc.array(fc.tuple(fc.integer({ min: 0, max: 63 }), chunk)).map(sorted);

test("a list is the same after reading its difference from any base", () => {
  fc.assert(
    fc.property(list, list, (made, base) => {
      expect([...decodeChunkList(encodeChunkList(made, base), base)]).toEqual([...made]);
      expect([...decodeChunkList(encodeChunkList(made))]).toEqual([...made]);
    }),
    { numRuns: drawnCases(500) },
  );
});

test("an equal list takes no room, and one that differs in one bucket takes a few bytes", () => {
  const base = sorted(Array.from({ length: 64 }, (_, bucket) => [bucket, 256_000 + bucket]));
  expect(encodeChunkList(base, base)).toHaveLength(0);
  const changed = new Map(base).set(40, 700_000);
  expect(encodeChunkList(changed, base).length).toBeLessThan(5);
  expect(countCommon(changed, base)).toBe(63);
  expect(encodeChunkList(base).length).toBeLessThan(140);
});
