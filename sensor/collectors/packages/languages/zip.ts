// Entries of a zip file (APPNOTE.TXT of PKWARE), for jars. Reads the table at its end. Every number in the
// file may be wrong.
import { type ReadAt, viewOf } from "../../databases/random-access.ts";
import { LimitError } from "../../databases/skip-record.ts";

export interface ZipFile {
  sizeBytes: number;
  readAt: ReadAt;
}

export interface ZipEntry {
  name: string;
  method: number;
  compressedBytes: number;
  sizeBytes: number;
  headerAt: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const METHOD = { stored: 0, deflated: 8 } as const;
const MAX_TABLE_BYTES = 16 * 1024 * 1024;
const MAX_COMMENT_BYTES = 65_535;
const FEW_BYTES = 1_000;
/** Becomes 8 MB at most. Bun's own function has no limit, and takes a thirtieth of the time. */
const SMALL_BYTES = 8 * 1024;

/** Whether an entry of a jar may be one of META-INF or another jar, which its first and last letter show. */
function mayBeWanted(first: number | undefined, last: number | undefined): boolean {
  return first === 0x4d || ((last ?? 0) | 32) === 0x72;
}

/**
 * The entries whose names pass, of those that begin with `M` or end in `r`: most names of a jar are of
 * classes. Throws RangeError if it is not a zip file.
 */
export function* listEntries(zip: ZipFile, isWanted: (name: string) => boolean): Generator<ZipEntry> {
  const { offset, size } = findTable(zip);
  if (size > MAX_TABLE_BYTES) throw new LimitError(`a table of ${size} bytes`);
  const bytes = zip.readAt(offset, size);
  const table = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + ENTRY_BYTES <= table.length; ) {
    if (table.readUInt32LE(at) !== ENTRY) throw new RangeError("its table is damaged");
    const nameEnd = at + ENTRY_BYTES + table.readUInt16LE(at + 28);
    const isCandidate = mayBeWanted(table[at + ENTRY_BYTES], table[nameEnd - 1]);
    const name = isCandidate ? table.toString("utf8", at + ENTRY_BYTES, nameEnd) : "";
    if (isCandidate && isWanted(name))
      yield {
        name,
        method: table.readUInt16LE(at + 10),
        compressedBytes: table.readUInt32LE(at + 20),
        sizeBytes: table.readUInt32LE(at + 24),
        headerAt: table.readUInt32LE(at + 42),
      };
    at = nameEnd + table.readUInt16LE(at + 30) + table.readUInt16LE(at + 32);
  }
}

function findTable(zip: ZipFile): { offset: number; size: number } {
  const { readAt } = zip;
  const { tail, at } = findEnd(zip, FEW_BYTES) ?? findEnd(zip, MAX_COMMENT_BYTES) ?? {};
  if (tail === undefined || at === undefined) throw new RangeError("it is not a zip file");
  const offset = tail.readUInt32LE(at + 16);
  if (offset !== 0xffffffff && tail.readUInt16LE(at + 10) !== 0xffff)
    return { offset, size: tail.readUInt32LE(at + 12) };
  if (at < 20 || tail.readUInt32LE(at - 20) !== LOCATOR_64) throw new RangeError("its table is damaged");
  const end = viewOf(readAt(Number(tail.readBigUInt64LE(at - 12)), 56));
  if (end.byteLength < 56 || end.getUint32(0, true) !== END_64) throw new RangeError("its table is damaged");
  return { offset: Number(end.getBigUint64(48, true)), size: Number(end.getBigUint64(40, true)) };
}

/** The last bytes of the file, and where its end record is in them: few jars have a long comment after it. */
function findEnd(
  { sizeBytes, readAt }: ZipFile,
  commentBytes: number,
): { tail: Buffer; at: number } | undefined {
  const tailAt = Math.max(0, sizeBytes - END_BYTES - commentBytes);
  const bytes = readAt(tailAt, sizeBytes - tailAt);
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = tail.length - END_BYTES; at >= 0; at -= 1)
    if (tail.readUInt32LE(at) === END) return { tail, at };
  return undefined;
}

/** The content of an entry. Throws LimitError if it has more than `maxBytes`. */
export function readEntry(zip: ZipFile, entry: ZipEntry, maxBytes: number): Uint8Array {
  const { method, compressedBytes, sizeBytes } = entry;
  if (sizeBytes > maxBytes || compressedBytes > maxBytes)
    throw new LimitError(`an entry of ${Math.max(sizeBytes, compressedBytes)} bytes`);
  const content = zip.readAt(contentAt(zip, entry), compressedBytes);
  if (content.length < compressedBytes) throw new RangeError("an entry is cut short");
  if (method === METHOD.stored) return content;
  if (method !== METHOD.deflated) throw new RangeError("an entry has an unknown compression");
  try {
    if (content.length <= SMALL_BYTES) return Bun.inflateSync(new Uint8Array(content));
    // Loaded here, because few jars need it.
    const { inflateRawSync } = require("node:zlib") as typeof import("node:zlib");
    return inflateRawSync(content, { maxOutputLength: Math.max(1, sizeBytes) });
  } catch {
    throw new RangeError("an entry is damaged");
  }
}

/** A zip file that is an entry. Without compression, it is read where it is. */
export function openNested(zip: ZipFile, entry: ZipEntry, maxBytes: number): ZipFile {
  if (entry.method !== METHOD.stored) {
    const content = readEntry(zip, entry, maxBytes);
    return { sizeBytes: content.length, readAt: (at, length) => content.subarray(at, at + length) };
  }
  const start = contentAt(zip, entry);
  const sizeBytes = Math.min(entry.sizeBytes, Math.max(0, zip.sizeBytes - start));
  return {
    sizeBytes,
    readAt: (at, length) => zip.readAt(start + at, Math.max(0, Math.min(length, sizeBytes - at))),
  };
}

/** The lengths before the content differ from those in the table. */
function contentAt(zip: ZipFile, { headerAt }: ZipEntry): number {
  const header = viewOf(zip.readAt(headerAt, LOCAL_BYTES));
  if (header.byteLength < LOCAL_BYTES || header.getUint32(0, true) !== LOCAL)
    throw new RangeError("an entry is not where the table says");
  return headerAt + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
}
