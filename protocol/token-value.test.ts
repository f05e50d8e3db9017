import { expect, test } from "bun:test";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";
import {
  API_KEY_PREFIX,
  formatTokenValue,
  redactTokenValues,
  TOKEN_VALUE_LENGTH,
  tokenValueError,
} from "./token-value.ts";

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

test("CRC-32 has its published check value", () => {
  expect(crc32("123456789")).toBe(0xcbf43926);
  expect(crc32("")).toBe(0);
});

test("formats any 32 bytes in the documented form, and different bytes differently", () => {
  fc.assert(
    fc.property(secret, secret, (one, other) => {
      const value = formatTokenValue(one);
      expect(value).toMatch(/^atl_enr_[0-9A-Za-z]{49}$/);
      expect(value).toHaveLength(TOKEN_VALUE_LENGTH);
      expect(tokenValueError(value)).toBeUndefined();
      expect(formatTokenValue(other) === value).toBe(Buffer.compare(one, other) === 0);
    }),
  );
});

test("detects a changed, missing or swapped character", () => {
  fc.assert(
    fc.property(
      secret,
      fc.integer({ min: 8, max: TOKEN_VALUE_LENGTH - 1 }),
      fc.nat(60),
      (bytes, at, shift) => {
        const value = formatTokenValue(bytes);
        const other = BASE62[(BASE62.indexOf(value[at]!) + 1 + shift) % 62];
        expect(tokenValueError(value.slice(0, at) + other + value.slice(at + 1))).toContain("typing error");
        expect(tokenValueError(value.slice(0, at))).toContain("cut short");
        const swapped = value.slice(0, at - 1) + value[at] + value[at - 1] + value.slice(at + 1);
        if (at > 8 && swapped !== value) expect(tokenValueError(swapped)).toContain("typing error");
      },
    ),
  );
});

test("returns the reason for an invalid token value", () => {
  const value = formatTokenValue(new Uint8Array(32));
  expect(tokenValueError("hunter2")).toBe("does not begin with atl_enr_");
  expect(tokenValueError(`${value}x`)).toContain("extended");
  expect(tokenValueError(value.replace(/0/, "-"))).toContain("no token has");
});

test("redacts complete and incomplete values in a text", () => {
  const value = formatTokenValue(new Uint8Array(32).fill(7));
  expect(redactTokenValues(`Bearer ${value}, again ${value.slice(0, 20)}`)).toBe(
    "Bearer atl_enr_[redacted], again atl_enr_[redacted]",
  );
  const key = formatTokenValue(new Uint8Array(32).fill(7), API_KEY_PREFIX);
  expect(redactTokenValues(`key ${key}`)).toBe("key atl_key_[redacted]");
  expect(tokenValueError(key, API_KEY_PREFIX)).toBeUndefined();
  expect(tokenValueError(key)).toBe("does not begin with atl_enr_");
});
