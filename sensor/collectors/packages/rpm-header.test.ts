import { expect, test } from "bun:test";
import { makeRpmHeader } from "../../../harness/rpm-databases.ts";
import { recordOfBytes, recordOfParts } from "../databases/stored-record.ts";
import { parseRpmHeader as parseRecord, RPM_TAG } from "./rpm-header.ts";

const parseRpmHeader = (bytes: Uint8Array) => parseRecord(recordOfBytes(bytes));

/** An rpm header with one entry at offset 0. */
function headerOf(tag: number, type: number, data: string, claimed = data.length): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(1, 0);
  header.writeUInt32BE(claimed, 4);
  header.writeUInt32BE(tag, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(1, 20);
  return Buffer.concat([header, Buffer.from(data)]);
}

test("reads the requested tags of a header with many", () => {
  const header = parseRpmHeader(makeRpmHeader({ name: "bash", version: "5.1", epoch: 2 }));
  expect([...header]).toEqual([
    [RPM_TAG.name, "bash"],
    [RPM_TAG.version, "5.1"],
    [RPM_TAG.epoch, 2],
  ]);
});

test("reads the requested tags of an rpm header", () => {
  expect(parseRpmHeader(headerOf(RPM_TAG.name, 6, "bash\0")).get(RPM_TAG.name)).toBe("bash");
  expect(parseRpmHeader(headerOf(RPM_TAG.size, 4, "\0\0\u0001\0")).get(RPM_TAG.size)).toBe(256);
});

test("never reads past the end of an rpm header with wrong lengths", () => {
  expect(() => parseRpmHeader(new Uint8Array(3))).toThrow(RangeError);
  expect(() => parseRpmHeader(headerOf(RPM_TAG.name, 6, "bash\0", 1_000))).toThrow(RangeError);
  expect(() => parseRpmHeader(new Uint8Array(64).fill(255))).toThrow(RangeError);
  expect(parseRpmHeader(headerOf(RPM_TAG.name, 6, "no end")).size).toBe(0);
  expect(parseRpmHeader(headerOf(RPM_TAG.size, 4, "ab")).size).toBe(0);
});

test("reads a record in parts, and only as many as it needs", () => {
  const blob = makeRpmHeader({ name: "bash", version: "5.1", vendor: "v" });
  const files = Buffer.concat([blob, Buffer.alloc(200_000)]);
  // The header claims the rest as its data.
  files.writeUInt32BE(files.length - 8 - 3 * 16, 4);
  let read = 0;
  const record = recordOfParts(files.length, () => {
    read += 1_000;
    return files.subarray(read - 1_000, read);
  });
  expect(parseRecord(record).get(RPM_TAG.vendor)).toBe("v");
  expect(read).toBeLessThan(10_000);
  expect(() => parseRecord(recordOfParts(files.length, () => undefined))).toThrow("cut short");
});
