import { expect, test } from "bun:test";
import { expandVariables, findNumber, findText, findTexts, parseFileTime } from "./registry.ts";

const wide = (text: string) => Buffer.from(text, "utf16le");
const one = (type: number, bytes: Uint8Array) => new Map([["v", { type, bytes }]]);

test.each([
  ["a text", 1, wide("abc\0"), "abc"],
  ["a text without its NUL", 1, wide("abc"), "abc"],
  ["a text with something behind its NUL", 1, wide("abc\0def\0"), "abc"],
  ["an odd length", 1, Buffer.concat([wide("abc"), Buffer.from([0])]), "abc"],
  ["a single byte", 1, Buffer.from([0x41]), undefined],
  ["an empty text", 1, wide("\0"), undefined],
  ["no bytes", 1, Buffer.alloc(0), undefined],
  ["blanks", 1, wide("  \0"), undefined],
  ["other alphabets", 2, wide("Программа Ü 日本 😀\0"), "Программа Ü 日本 😀"],
  ["the first of a list", 7, wide("one\0two\0\0"), "one"],
  ["a number", 4, Buffer.from([12, 0, 0, 0]), "12"],
  ["bytes", 3, Buffer.from([1, 2, 3]), undefined],
  ["no type", 0, wide("abc\0"), undefined],
])("reads %s as text", (_, type, bytes, expected) => {
  expect(findText(one(type, bytes), "V")).toBe(expected!);
});

test.each([
  ["a number", 4, Buffer.from([1, 0, 0, 0]), 1],
  ["the largest number", 4, Buffer.alloc(4, 0xff), 0xffff_ffff],
  ["a number that is cut off", 4, Buffer.from([1, 0]), undefined],
  ["a number in network order", 5, Buffer.from([0, 0, 1, 0]), 256],
  ["a long number", 11, Buffer.from([1, 0, 0, 0, 1, 0, 0, 0]), 0x1_0000_0001],
  ["a long number that is too large", 11, Buffer.alloc(8, 0xff), undefined],
  ["digits", 1, wide("42\0"), 42],
  ["a text", 1, wide("42a\0"), undefined],
  ["bytes", 3, Buffer.from([1, 0, 0, 0]), undefined],
])("reads %s as a number", (_, type, bytes, expected) => {
  expect(findNumber(one(type, bytes), "V")).toBe(expected!);
});

test("reads every text of a list", () => {
  expect(findTexts(one(7, wide("one\0\0two\0\0")), "v")).toEqual(["one", "two"]);
  expect(findTexts(one(7, wide("one\0tw")), "v")).toEqual(["one", "tw"]);
  expect(findTexts(one(1, wide("only\0")), "v")).toEqual(["only"]);
  expect(findTexts(new Map(), "v")).toEqual([]);
});

test.each([
  ["%SystemRoot%\\x", "C:\\Windows\\x"],
  ["%systemroot%%SYSTEMROOT%", "C:\\WindowsC:\\Windows"],
  ["%Unknown%\\x", "%Unknown%\\x"],
  ["100% %SystemRoot", "100% %SystemRoot"],
  ["100%%SystemRoot%", "100%C:\\Windows"],
  ["plain", "plain"],
])("expands %s", (text, expected) => {
  expect(expandVariables(text, new Map([["systemroot", "C:\\Windows"]]))).toBe(expected);
});

test("reads times of files", () => {
  expect(parseFileTime(133_491_780_000_000_000n)).toBe("2024-01-08T09:00:00Z");
  expect(parseFileTime(0n)).toBeUndefined();
  expect(parseFileTime(0x7fff_ffff_ffff_ffffn)).toBeUndefined();
});
