// Reads the header of an installed RPM package: an index of tags, then their values, all big-endian (rpm.org,
// "RPM V4 package format", header structure; in the database without its magic number). Never trusts a length
// in the data. Not a library, because RPM libraries read package files, not the headers in a database.
import { viewOf } from "../databases/random-access.ts";
import type { StoredRecord } from "../databases/stored-record.ts";

export const RPM_TAG = {
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
} as const;

const TYPE = { int32: 4, int64: 5, string: 6, stringArray: 8, i18nString: 9 } as const;
const ENTRY_BYTES = 16;
const MAX_ENTRIES = 65_536;
/** Larger than the header of any package: that of a package with 100,000 files has 20 MB. */
export const MAX_HEADER_BYTES = 32 * 1024 * 1024;
/** A longer text is left out. */
const MAX_TEXT_BYTES = 4_096;
const WANTED = new Set<number>(Object.values(RPM_TAG));

export type RpmHeader = Map<number, string | number>;

/** Returns the first value of each tag in use. Throws RangeError if the header is incomplete or invalid. */
export function parseRpmHeader(record: StoredRecord): RpmHeader {
  if (record.length < 8) throw new RangeError("an RPM header is cut short");
  const lengths = viewOf(record.read(8));
  const dataStart = 8 + lengths.getUint32(0) * ENTRY_BYTES;
  if (lengths.getUint32(0) > MAX_ENTRIES || dataStart + lengths.getUint32(4) > record.length)
    throw new RangeError("an RPM header is longer than its record");
  const index = viewOf(record.read(dataStart));
  const places = new Map<number, { type: number; at: number }>();
  for (let entry = 8; entry < dataStart; entry += ENTRY_BYTES) {
    const tag = index.getUint32(entry);
    if (WANTED.has(tag) && !places.has(tag))
      places.set(tag, { type: index.getUint32(entry + 4), at: dataStart + index.getUint32(entry + 8) });
  }
  const lastAt = Math.max(...[...places.values()].map(({ at }) => at));
  const header: RpmHeader = new Map();
  if (places.size === 0) return header;
  const blob = record.read(lastAt + MAX_TEXT_BYTES);
  for (const [tag, { type, at }] of places) {
    const value = readValue(blob, viewOf(blob), type, at);
    if (value !== undefined) header.set(tag, value);
  }
  return header;
}

function readValue(blob: Uint8Array, view: DataView, type: number, at: number): string | number | undefined {
  switch (type) {
    case TYPE.int32:
      return at + 4 <= blob.length ? view.getUint32(at) : undefined;
    case TYPE.int64:
      return at + 8 <= blob.length ? Number(view.getBigUint64(at)) : undefined;
    case TYPE.string:
    case TYPE.stringArray:
    case TYPE.i18nString: {
      const end = blob.indexOf(0, at);
      if (at > blob.length || end < 0) return undefined;
      return Buffer.from(blob.subarray(at, end)).toString("utf8");
    }
    default:
      return undefined;
  }
}
