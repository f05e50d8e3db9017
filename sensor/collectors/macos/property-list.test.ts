import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DamagedPlist } from "./plist-value.ts";
import { parsePropertyList } from "./property-list.ts";

/** Written by plistlib of Python. */
const BINARY = readFileSync(join(import.meta.dir, "../../testdata/macos-14/values.plist"));
const XML = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <!-- <key>hidden</key> -->
  <key>text</key><string>a &amp; &#x3c;b&#62; <![CDATA[<raw>]]></string>
  <key>yes</key><true/><key>no</key><false/>
  <key>int</key><integer> -5 </integer><key>real</key><real>1.5</real>
  <key>date</key><date>2024-08-08T12:00:00Z</date>
  <key>data</key><data>
    AAE=
  </data>
  <key>list</key><array><string/><array/><dict/></array>
</dict></plist>`;

const parseXml = (text: string) => parsePropertyList(Buffer.from(text));
const errorOf = (bytes: Uint8Array) => {
  try {
    parsePropertyList(bytes);
    return undefined;
  } catch (error) {
    return error;
  }
};

test("reads each type of a binary property list", () => {
  expect(parsePropertyList(BINARY)).toEqual(
    new Map<string, unknown>([
      ["text", "plain"],
      ["utf16", "Grüße 🐢"],
      ["yes", true],
      ["no", false],
      ["int", 65_535],
      ["big", 2 ** 40],
      ["negative", -5],
      ["real", 1.5],
      ["date", new Date("2024-08-08T12:00:00Z")],
      ["data", new Uint8Array([0, 1])],
      ["list", ["a", ["b", new Map([["c", 1]])]]],
      ["long", "x".repeat(300)],
      ["empty", new Map()],
    ]) as never,
  );
});

test("reads each type of an XML property list", () => {
  expect(parseXml(XML)).toEqual(
    new Map<string, unknown>([
      ["text", "a & <b> <raw>"],
      ["yes", true],
      ["no", false],
      ["int", -5],
      ["real", 1.5],
      ["date", new Date("2024-08-08T12:00:00Z")],
      ["data", new Uint8Array([0, 1])],
      ["list", ["", [], new Map()]],
    ]) as never,
  );
});

test("reads XML in UTF-16, and with a byte order mark", () => {
  const text = '<plist version="1.0"><string>Grüße</string></plist>';
  expect(parsePropertyList(Buffer.from(`\ufeff${text}`, "utf16le"))).toBe("Grüße");
  expect(parsePropertyList(Buffer.from(`\ufeff${text}`, "utf16le").swap16())).toBe("Grüße");
  expect(parseXml(`\ufeff${text}`)).toBe("Grüße");
});

test("a file that ends at any byte is damaged, and nothing else happens", () => {
  for (let length = 0; length < BINARY.length; length += 1) {
    const error = errorOf(BINARY.subarray(0, length));
    if (error !== undefined) expect(error).toBeInstanceOf(DamagedPlist);
  }
  const xml = Buffer.from(XML);
  for (let length = 0; length < xml.length; length += 1)
    expect(errorOf(xml.subarray(0, length))).toBeInstanceOf(DamagedPlist);
});

test("a file with any byte changed is read or damaged", () => {
  for (let at = 6; at < BINARY.length; at += 1)
    for (const byte of [0x00, 0x5f, 0xa1, 0xdf, 0xff]) {
      const changed = Buffer.from(BINARY);
      changed[at] = byte;
      const error = errorOf(changed);
      if (error !== undefined) expect(error).toBeInstanceOf(DamagedPlist);
    }
});

/** One object after the other, each with a byte of its offset, and references of one byte. */
function binary(...objects: number[][]): Buffer {
  const offsets: number[] = [];
  let at = 8;
  for (const object of objects) {
    offsets.push(at);
    at += object.length;
  }
  const trailer = Buffer.alloc(32);
  trailer[6] = 1;
  trailer[7] = 1;
  trailer.writeBigUInt64BE(BigInt(objects.length), 8);
  trailer.writeBigUInt64BE(BigInt(at), 24);
  return Buffer.concat([Buffer.from("bplist00"), Buffer.from([...objects.flat(), ...offsets]), trailer]);
}

test("loops, and lists that multiply, end at a limit", () => {
  expect(parsePropertyList(binary([0xa1, 1], [0x51, 0x78]))).toEqual(["x"]);
  expect(errorOf(binary([0xa1, 0]))).toEqual(new DamagedPlist("it has too many levels"));
  // Each list contains the next one 8 times.
  const lists = Array.from({ length: 12 }, (_, index) => [0xa8, ...new Array<number>(8).fill(index + 1)]);
  expect(errorOf(binary(...lists, [0x51, 0x78]))).toEqual(new DamagedPlist("it has too many values"));
  expect(errorOf(Buffer.from(`<plist>${"<array>".repeat(10_000)}`))).toEqual(
    new DamagedPlist("it has too many levels"),
  );
  expect(errorOf(Buffer.from(`<plist><array>${"<true/>".repeat(300_000)}`))).toEqual(
    new DamagedPlist("it has too many values"),
  );
});

test("texts that overlap end at the size of the file", () => {
  // Each of 60 texts begins one byte later, and has 100 bytes.
  const texts = new Array<number>(60).fill(0x5f);
  const references = Array.from({ length: 60 }, (_, index) => index + 1);
  const list = [0xaf, 0x10, 60, ...references];
  const start = 8 + list.length;
  const file = binary(list, ...texts.map(() => [0x5f, 0x10, 100]), new Array<number>(150).fill(0x61));
  expect(start).toBeGreaterThan(8);
  expect(errorOf(file)).toEqual(new DamagedPlist("its texts overlap"));
});

test("a document that declares entities, or is no property list, is damaged", () => {
  const bomb = '<!DOCTYPE plist [<!ENTITY a "aaaa">]><plist><string>&a;</string></plist>';
  expect(errorOf(Buffer.from(bomb))).toEqual(new DamagedPlist("it has declarations"));
  for (const text of [
    "",
    "[Section]\nkey=1",
    "<html></html>",
    "<plist><dict><string>no key</string></dict></plist>",
    "<plist><array></dict></plist>",
    "<dict></dict>",
  ])
    expect(errorOf(Buffer.from(text))).toBeInstanceOf(DamagedPlist);
});
