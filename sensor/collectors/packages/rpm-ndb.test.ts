import { expect, test } from "bun:test";
import { type ReadAt, readBerkeleyDbBlobs } from "./rpm-berkeley-db.ts";
import { readNdbBlobs } from "./rpm-ndb.ts";

const readerOf =
  (file: Uint8Array): ReadAt =>
  (offset, length) =>
    file.subarray(offset, offset + length);

/** One page of slots, followed by the blobs, each at the start of a page, as in rpmpkg.c of rpm 4.18. */
function ndbFile(blobs: readonly string[]): Buffer {
  const file = Buffer.alloc(4_096 * (blobs.length + 1));
  file.write("RpmP");
  file.writeUInt32LE(1, 12);
  for (let slot = 32; slot < 4_096; slot += 16) file.write("Slot", slot);
  for (const [index, blob] of blobs.entries()) {
    const offset = 4_096 * (index + 1);
    file.writeUInt32LE(index + 1, 32 + index * 32 + 4);
    file.writeUInt32LE(offset / 16, 32 + index * 32 + 8);
    file.write("BlbS", offset);
    file.writeUInt32LE(index + 1, offset + 4);
    file.writeUInt32LE(blob.length, offset + 12);
    file.write(blob, offset + 16);
  }
  return file;
}

test("reads the blobs of the used slots of an ndb file", () => {
  const blobs = [...readNdbBlobs(readerOf(ndbFile(["first", "second"])))];
  expect(blobs.map((blob) => Buffer.from(blob).toString())).toEqual(["first", "second"]);
});

test("rejects an ndb file with wrong lengths or offsets", () => {
  const wrong = (change: (file: Buffer) => void) => {
    const file = ndbFile(["first"]);
    change(file);
    return () => [...readNdbBlobs(readerOf(file))];
  };
  expect(wrong((file) => file.write("nope"))).toThrow(RangeError);
  expect(wrong((file) => file.writeUInt32LE(0xffffffff, 12))).toThrow(RangeError);
  expect(wrong((file) => file.writeUInt32LE(0xffffff, 32 + 8))).toThrow(RangeError);
  expect(wrong((file) => file.writeUInt32LE(0xffffffff, 4_096 + 12))).toThrow(RangeError);
  expect(wrong((file) => file.writeUInt32LE(1_000_000, 4_096 + 12))).toThrow("cut short");
});

/** A file of two pages: the meta page, and a page whose only value is an overflow chain to that page. */
function berkeleyFile(): Buffer {
  const file = Buffer.alloc(1_024);
  file.writeUInt32LE(0x061561, 12);
  file.writeUInt32LE(512, 20);
  file.writeUInt32LE(1, 32);
  file.writeUInt16LE(2, 512 + 20);
  file[512 + 25] = 13;
  file.writeUInt16LE(507, 512 + 26);
  file.writeUInt16LE(495, 512 + 28);
  file.fill(1, 512 + 507);
  file[512 + 495] = 3;
  file.writeUInt32LE(1, 512 + 495 + 4);
  file.writeUInt32LE(5_000, 512 + 495 + 8);
  return file;
}

test("rejects a Berkeley DB file with cyclic or too long overflow chains, or an invalid page size", () => {
  const file = berkeleyFile();
  const read = () => [...readBerkeleyDbBlobs(readerOf(file))];
  expect(read).toThrow("cut short");
  file.writeUInt32LE(0xffffffff, 512 + 495 + 8);
  expect(read).toThrow("claims");
  file.writeUInt32LE(0, 20);
  expect(read).toThrow("pages of 0 bytes");
  expect(() => [...readBerkeleyDbBlobs(readerOf(new Uint8Array(100)))]).toThrow(RangeError);
});

test("returns no blobs for a Berkeley DB page with invalid offsets", () => {
  const file = berkeleyFile();
  file.fill(0xff, 512 + 26);
  file.writeUInt16LE(0xffff, 512 + 20);
  expect([...readBerkeleyDbBlobs(readerOf(file))]).toEqual([]);
});
