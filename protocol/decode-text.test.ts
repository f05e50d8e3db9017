import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeText } from "./decode-text.ts";

function encode(text: string, encoding: "utf8" | "utf16le" | "utf16be", hasMark: boolean): Uint8Array {
  const bytes = Buffer.from(`${hasMark ? "\ufeff" : ""}${text}`, encoding === "utf8" ? "utf8" : "utf16le");
  return encoding === "utf16be" ? bytes.swap16() : bytes;
}

test("decodes UTF-8 and UTF-16 of each byte order, with and without a mark", () => {
  for (const encoding of ["utf8", "utf16le", "utf16be"] as const) {
    for (const hasMark of [true, false])
      expect(decodeText(encode("atl_enr_1\r\n", encoding, hasMark))).toBe("atl_enr_1\r\n");
    expect(decodeText(encode("grüße – \u{1f600}", encoding, true))).toBe("grüße – \u{1f600}");
  }
  expect(decodeText(new Uint8Array())).toBe("");
  expect(decodeText(Uint8Array.of(65))).toBe("A");
  expect(decodeText(encode("\u{1f600} grüße", "utf8", false))).toBe("\u{1f600} grüße");
});

test("decodes every ASCII text in each encoding", () => {
  const ascii = fc.array(fc.integer({ min: 1, max: 126 }), { minLength: 1 });
  const encoding = fc.constantFrom("utf8" as const, "utf16le" as const, "utf16be" as const);
  fc.assert(
    fc.property(ascii, encoding, fc.boolean(), (codes, name, hasMark) => {
      const text = String.fromCharCode(...codes);
      expect(decodeText(encode(text, name, hasMark))).toBe(text);
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(typeof decodeText(bytes)).toBe("string")));
});
