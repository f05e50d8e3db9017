// Databases of rpm for tests, in the three formats, with headers of a few tags.
import { Database } from "bun:sqlite";

/** The numbers of rpm's header tags, from its documentation of the file format. */
const TAGS = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  size: 1009,
  vendor: 1011,
  packager: 1015,
  architecture: 1022,
  sourceRpm: 1044,
  longSize: 5009,
  modularityLabel: 5096,
};

export type RpmTags = Partial<Record<keyof typeof TAGS, string | number>>;

/** An rpm header as a database stores it: without its magic number. */
export function makeRpmHeader(tags: RpmTags): Buffer {
  const index: Buffer[] = [];
  const values: Buffer[] = [];
  let offset = 0;
  for (const [name, value] of Object.entries(tags)) {
    const entry = Buffer.alloc(16);
    const bytes = Buffer.alloc(typeof value === "number" ? 4 : Buffer.byteLength(value) + 1);
    if (typeof value === "number") bytes.writeUInt32BE(value);
    else bytes.write(value);
    entry.writeUInt32BE(TAGS[name as keyof RpmTags], 0);
    entry.writeUInt32BE(typeof value === "number" ? 4 : 6, 4);
    entry.writeUInt32BE(offset, 8);
    entry.writeUInt32BE(1, 12);
    index.push(entry);
    values.push(bytes);
    offset += bytes.length;
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(index.length, 0);
  head.writeUInt32BE(offset, 4);
  return Buffer.concat([head, ...index, ...values]);
}

export function makeRpmPackage(name: string, tags: RpmTags = {}): Buffer {
  return makeRpmHeader({ name, version: "1", release: "1", architecture: "noarch", ...tags });
}

/** A database with the table of rpm. `pragmas` are statements before it. */
export function writeSqlite(path: string, blobs: readonly Uint8Array[], pragmas = ""): Database {
  const database = new Database(path, { create: true });
  database.run(
    `${pragmas}; CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`,
  );
  const insert = database.prepare("INSERT INTO Packages (blob) VALUES (?)");
  for (const blob of blobs) insert.run(blob);
  return database;
}

/** Pages of slots, followed by the blobs, each at the start of a page, as in rpmpkg.c of rpm 4.18. */
export function makeNdb(blobs: readonly Uint8Array[]): Buffer {
  const pages = blobs.map((blob) => Math.ceil((blob.length + 32) / 4_096));
  const slotPages = Math.ceil((32 + 32 * blobs.length) / 4_096);
  const file = Buffer.alloc(4_096 * (slotPages + pages.reduce((sum, count) => sum + count, 0)));
  file.write("RpmP");
  file.writeUInt32LE(slotPages, 12);
  for (let slot = 32; slot < slotPages * 4_096; slot += 16) file.write("Slot", slot);
  let offset = slotPages * 4_096;
  for (const [index, blob] of blobs.entries()) {
    file.writeUInt32LE(index + 1, 32 + index * 32 + 4);
    file.writeUInt32LE(offset / 16, 32 + index * 32 + 8);
    file.write("BlbS", offset);
    file.writeUInt32LE(index + 1, offset + 4);
    file.writeUInt32LE(blob.length, offset + 12);
    file.set(blob, offset + 16);
    offset += 4_096 * (pages[index] ?? 0);
  }
  return file;
}

/**
 * A hash file of Berkeley DB: a meta page, and a page of entries and a chain of overflow pages for each blob.
 */
export function makeBerkeleyDb(blobs: readonly Uint8Array[], littleEndian = true): Buffer {
  const chains = blobs.map((blob) => Math.ceil(blob.length / (512 - 26)));
  const pageCount = 1 + blobs.length + chains.reduce((sum, count) => sum + count, 0);
  const file = Buffer.alloc(pageCount * 512);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  view.setUint32(12, 0x061561, littleEndian);
  view.setUint32(20, 512, littleEndian);
  view.setUint32(32, pageCount - 1, littleEndian);
  let page = 1;
  for (const [index, blob] of blobs.entries()) {
    const at = page * 512;
    view.setUint16(at + 20, 2, littleEndian);
    file[at + 25] = 13;
    view.setUint16(at + 26, 507, littleEndian);
    view.setUint16(at + 28, 495, littleEndian);
    file[at + 507] = 1;
    view.setUint32(at + 508, index + 1, littleEndian);
    file[at + 495] = 3;
    view.setUint32(at + 499, page + 1, littleEndian);
    view.setUint32(at + 503, blob.length, littleEndian);
    page += 1;
    for (let start = 0; start < blob.length; start += 512 - 26, page += 1) {
      const part = blob.subarray(start, start + 512 - 26);
      const isLast = start + part.length >= blob.length;
      view.setUint32(page * 512 + 16, isLast ? 0 : page + 1, littleEndian);
      view.setUint16(page * 512 + 22, part.length, littleEndian);
      file[page * 512 + 25] = 7;
      file.set(part, page * 512 + 26);
    }
  }
  return file;
}
