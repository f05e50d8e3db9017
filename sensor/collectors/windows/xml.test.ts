import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseNuspec } from "./chocolatey.ts";
import { decodeText } from "./decode-text.ts";
import { findXmlText, listXml, parseXml } from "./xml.ts";

test("reads elements, attributes and texts", () => {
  const root = parseXml(
    `<?xml version="1.0"?><!-- <a>no</a> --><x:a b='1 > 0' c="&quot;"><b>one</b><b/><b>t<![CDATA[w<o]]> &amp; &#x41;&#66;</b></x:a>`,
  )!;
  expect(listXml(root, ["a", "b"]).map(({ text }) => text)).toEqual(["one", "", "tw<o & AB"]);
  expect(root.children[0]?.attributes).toEqual({ b: "1 > 0", c: '"' });
  expect(findXmlText(root, ["a", "c"])).toBeUndefined();
});

test.each([
  "",
  "text",
  "<a>",
  "<a></b>",
  "</a>",
  "<a",
  "<a><![CDATA[x</a>",
  '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
  `<a ${"x".repeat(10_000)}>`,
  "<a>".repeat(100) + "</a>".repeat(100),
  `<a>${"<b/>".repeat(30_000)}</a>`,
])("refuses a document that is damaged or too large (%#)", (text) => {
  expect(parseXml(text)).toBeUndefined();
});

test("reads any text quickly", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("<", ">", "/", "a", '"', "'", "=", "&", "!", "-", " ") }),
      (text) => {
        parseXml(text);
      },
    ),
  );
  expect(parseXml(`<a>${"<".repeat(500_000)}`)).toBeUndefined();
  expect(parseXml(`<a>${"&".repeat(500_000)}</a>`)).toBeDefined();
});

test.each([
  ["UTF-8", Buffer.from("Ä")],
  ["UTF-8 with a byte order mark", Buffer.from("\ufeffÄ")],
  ["UTF-16", Buffer.from("\ufeffÄ", "utf16le")],
  ["UTF-16 in network order", Buffer.from("\ufeffÄ", "utf16le").swap16()],
])("decodes %s", (_, bytes) => {
  expect(decodeText(bytes)).toBe("Ä");
});

test("decodes UTF-16 without a byte order mark", () => {
  expect(decodeText(Buffer.from("<a>Ä</a>", "utf16le"))).toBe("<a>Ä</a>");
});

test.each([
  ["no version", "<package><metadata><id>x</id></metadata></package>"],
  ["no id", "<package><metadata><version>1</version></metadata></package>"],
  ["another document", "<html></html>"],
])("a description with %s names no package", (_, text) => {
  expect(parseNuspec(text, "C:\\x")).toBeUndefined();
});
