import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson, type Json } from "./canonical-json.ts";
import { crc32 } from "./crc32.ts";

/** Keys in the order of RFC 8785, written without the order of objects. */
function reference(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(reference).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${reference(member as Json)}`).join(",")}}`;
}

describe("canonical JSON", () => {
  test("sorts the keys of every object by UTF-16 code unit", () => {
    const key = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom("__proto__", "constructor", "toJSON", "10", "9", "-1", "1a", "01", "", "\u20ac", "\r"),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie("value"), { maxLength: 4 }),
        fc
          .array(fc.tuple(key, tie("value")), { maxLength: 6 })
          .map((members) =>
            JSON.parse(
              `{${members.map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`).join(",")}}`,
            ),
          ),
      ),
    }));
    fc.assert(
      fc.property(value, (each) => expect(canonicalJson(each as Json)).toBe(reference(each as Json))),
      { numRuns: 100 },
    );
  });

  test("omits members without a value, and rejects numbers that JSON does not have", () => {
    expect(canonicalJson({ b: undefined, a: [1] })).toBe('{"a":[1]}');
    expect(() => canonicalJson({ a: [Number.NaN] })).toThrow(RangeError);
    expect(() => canonicalJson({ 1: Number.POSITIVE_INFINITY })).toThrow(RangeError);
  });
});

test("the CRC-32 is that of the UTF-8 bytes", () => {
  expect(crc32("123456789")).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => expect(crc32(text)).toBe(Bun.hash.crc32(text))),
    { numRuns: 500 },
  );
});
