import { expect, test } from "bun:test";
import { newIdempotencyKey, parseIdempotencyKey } from "./idempotency-key.ts";

const UUID = "8e03978e-40d5-43e8-bc93-6894a57f9324";

test("accepts a key in quotes, as in the draft, or without", () => {
  expect(parseIdempotencyKey(`"${UUID}"`)).toBe(UUID);
  expect(parseIdempotencyKey(UUID)).toBe(UUID);
  expect(parseIdempotencyKey('"two words"')).toBe("two words");
  expect(parseIdempotencyKey(String.raw`"a\"b\\c"`)).toBe(String.raw`a"b\c`);
  expect(parseIdempotencyKey("order/4711:a+b==")).toBe("order/4711:a+b==");
});

test("rejects any other text", () => {
  const malformed = [
    "",
    '""',
    '"',
    '"open',
    'open"',
    '"a"b"',
    String.raw`"a\b"`,
    "a b",
    "a,b",
    '"a", "b"',
    "a;v=1",
  ];
  for (const text of [...malformed, '"ü"', "ü", '"a\tb"', "\u0000", "x".repeat(256), `"${"x".repeat(256)}"`])
    expect([text, parseIdempotencyKey(text)]).toEqual([text, undefined]);
  expect(parseIdempotencyKey("x".repeat(255))).toHaveLength(255);
});

test("a new key is a random UUID in quotes", () => {
  expect(newIdempotencyKey()).toMatch(
    /^"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$/,
  );
  expect(newIdempotencyKey()).not.toBe(newIdempotencyKey());
});
