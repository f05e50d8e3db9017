import { expect, test } from "bun:test";
import { countOf, formatBytes, formatCount, shortId } from "./numbers.ts";

test("a thin space separates thousands", () => {
  expect(formatCount(999)).toBe("999");
  expect(formatCount(1234567)).toBe("1\u2009234\u2009567");
});

test("uses the singular only for 1", () => {
  expect([0, 1, 14].map((count) => countOf(count, "sensor"))).toEqual([
    "0 sensors",
    "1 sensor",
    "14 sensors",
  ]);
  expect(countOf(2, "stays", "stay")).toBe("2 stay");
});

test("formats a size with the largest unit in which it is at least 1", () => {
  expect([0, 1023, 1024, 16_711_680_000, 2 ** 40].map(formatBytes)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1 KiB",
    "15.6 GiB",
    "1 TiB",
  ]);
});

test("shortens an id to its type and its end", () => {
  expect(shortId("tok_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f")).toBe("tok_0198…4e5f");
});
