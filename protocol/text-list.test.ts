import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatList, parseList } from "./text-list.ts";

test("reads several values", () => {
  expect(parseList("offline,pending")).toEqual(["offline", "pending"]);
  expect(parseList('pci,"rack 7, left","a ""b"""')).toEqual(["pci", "rack 7, left", 'a "b"']);
  expect(parseList("")).toEqual([""]);
  expect(parseList("a,")).toEqual(["a", ""]);
});

test("refuses a quotation mark that is not closed, and text after one", () => {
  expect(parseList('"a')).toBeUndefined();
  expect(parseList('"a"b')).toBeUndefined();
  expect(parseList('"a""')).toBeUndefined();
});

test("every list that is written is read again", () => {
  const value = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', ",", " ", "a") }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      expect(parseList(formatList(values))).toEqual(values);
    }),
    { numRuns: 200 },
  );
});
