import { expect, test } from "bun:test";
import fc from "fast-check";
import { openNumberIndex } from "./number-index.ts";

test.each([
  ["texts", fc.array(fc.string({ maxLength: 2 }), { maxLength: 3_000 })],
  ["numbers", fc.array(fc.nat(2_000), { maxLength: 3_000 })],
] as [string, fc.Arbitrary<(string | number)[]>][])("finds all elements with a key, of %s", (_, lists) => {
  fc.assert(
    fc.property(lists, (keys) => {
      const index = openNumberIndex((nth) => keys[nth] ?? "");
      for (const _ of keys) index.add();
      for (const key of keys.slice(0, 20))
        expect(index.find(key)).toEqual(keys.flatMap((each, nth) => (each === key ? nth : [])));
      expect(index.find("none of them")).toEqual([]);
    }),
    { numRuns: 20 },
  );
});
