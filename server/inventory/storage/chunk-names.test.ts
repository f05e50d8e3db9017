import { expect, test } from "bun:test";
import { sha256 } from "../../testing/test-reporter.ts";
import { nameOf, packKeyOf, packKeysOf, splitNames } from "./chunk-names.ts";

const namesOf = (count: number) => Array.from({ length: count }, (_, index) => nameOf(sha256(String(index))));

test("small packs are found by each of their chunks, large ones by an eighth of them", () => {
  for (const count of [1, 3, 4])
    expect(packKeysOf(1, namesOf(count)).toSorted()).toEqual(
      namesOf(count)
        .map((name) => packKeyOf(1, name))
        .toSorted(),
    );
  expect(packKeysOf(1, namesOf(20))).toHaveLength(4);
  expect(packKeysOf(1, namesOf(256))).toHaveLength(32);
});

test("the same chunks are found by the same keys in any order", () => {
  expect(packKeysOf(1, namesOf(64).toReversed())).toEqual(packKeysOf(1, namesOf(64)));
});

test("the names of a pack are read in their order, without an incomplete one at the end", () => {
  expect(splitNames(namesOf(5).join(""))).toEqual(namesOf(5));
  expect(splitNames(`${namesOf(2).join("")}ff80`)).toEqual(namesOf(2));
  expect(splitNames("")).toEqual([]);
});

test("no scope has the keys of another one", () => {
  expect(packKeyOf(1, namesOf(1)[0]!)).not.toBe(packKeyOf(2, namesOf(1)[0]!));
});
