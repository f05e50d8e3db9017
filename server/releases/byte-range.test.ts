import { expect, test } from "bun:test";
import fc from "fast-check";
import { matchesTag, parseRange } from "./byte-range.ts";

// The examples of RFC 9110, section 14.1.2, for a file of 10,000 bytes, and what is no single range of bytes.
test.each([
  ["bytes=0-499", { first: 0, last: 499 }],
  ["bytes=500-999", { first: 500, last: 999 }],
  ["bytes=-500", { first: 9_500, last: 9_999 }],
  ["bytes=9500-", { first: 9_500, last: 9_999 }],
  ["bytes=0-0", { first: 0, last: 0 }],
  ["bytes=-20000", { first: 0, last: 9_999 }],
  ["bytes=9999-20000", { first: 9_999, last: 9_999 }],
  ["BYTES=1-2", { first: 1, last: 2 }],
  ["bytes=10000-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=2-1", undefined],
  ["bytes=0-0,-1", undefined],
  ["bytes=-", undefined],
  ["bytes=a-b", undefined],
  ["items=0-1", undefined],
  ["bytes=0-99999999999999999999", undefined],
  ["", undefined],
  [null, undefined],
] as const)("the range %p of 10,000 bytes is %p", (header, range) => {
  expect(parseRange(header, 10_000)).toEqual(range as never);
});

test("a range is always inside the file", () => {
  const part = fc.option(fc.nat({ max: 30 }), { nil: "" });
  fc.assert(
    fc.property(part, part, fc.integer({ min: 1, max: 20 }), (from, to, size) => {
      const range = parseRange(`bytes=${from}-${to}`, size);
      if (typeof range !== "object") return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.last).toBeGreaterThanOrEqual(range.first);
      expect(range.last).toBeLessThan(size);
    }),
  );
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ["*", true],
  ['"b"', false],
  ["a", false],
  [null, false],
] as const)("the list %p has the tag: %p", (header, expected) => {
  expect(matchesTag(header, '"a"')).toBe(expected);
});
