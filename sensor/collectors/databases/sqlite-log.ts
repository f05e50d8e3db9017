// The write-ahead log of a SQLite database (sqlite.org/fileformat.html, section 4): the committed pages that
// are newer than those in the database.

import { type RandomAccess, type ReadAt, viewOf } from "./random-access.ts";
import { LimitError } from "./skip-record.ts";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;
const MAX_LOG_BYTES = 256 * 1024 * 1024;

/** Returns the database as it is with its log. Closes both. */
export function withSqliteLog(database: RandomAccess, log: RandomAccess | undefined): RandomAccess {
  if (log === undefined) return database;
  try {
    const pages = findPages(log);
    if (pages.offsets.size === 0) {
      log[Symbol.dispose]();
      return database;
    }
    return {
      sizeBytes: Math.max(database.sizeBytes, pages.databaseBytes),
      readAt: overlay(database.readAt, log.readAt, pages),
      [Symbol.dispose]() {
        log[Symbol.dispose]();
        database[Symbol.dispose]();
      },
    };
  } catch (error) {
    log[Symbol.dispose]();
    database[Symbol.dispose]();
    throw error;
  }
}

interface LogPages {
  pageBytes: number;
  databaseBytes: number;
  /** Where the newest committed version of a page is in the log. */
  offsets: Map<number, number>;
}

/** A frame counts if it and all before it are of this log and undamaged, and a commit follows. */
function findPages({ sizeBytes, readAt }: RandomAccess): LogPages {
  const pages: LogPages = { pageBytes: 0, databaseBytes: 0, offsets: new Map() };
  const header = Buffer.from(readAt(0, HEADER_BYTES));
  if (header.length < HEADER_BYTES || (header.readUInt32BE(0) & ~1) !== MAGIC) return pages;
  const bigEndian = (header.readUInt32BE(0) & 1) === 1;
  const pageBytes = header.readUInt32BE(8);
  if (pageBytes < 512 || pageBytes > 65_536) return pages;
  if (sizeBytes > MAX_LOG_BYTES) throw new LimitError(`a log of ${sizeBytes} bytes`);
  pages.pageBytes = pageBytes;
  const sum: Checksum = [0, 0];
  addChecksum(sum, header.subarray(0, 24), bigEndian);
  if (sum[0] !== header.readUInt32BE(24) || sum[1] !== header.readUInt32BE(28)) return pages;
  const salts = header.subarray(16, 24);
  let uncommitted = new Map<number, number>();
  for (let at = HEADER_BYTES; ; at += FRAME_HEADER_BYTES + pageBytes) {
    const frame = Buffer.from(readAt(at, FRAME_HEADER_BYTES + pageBytes));
    if (frame.length < FRAME_HEADER_BYTES + pageBytes || !frame.subarray(8, 16).equals(salts)) return pages;
    addChecksum(sum, frame.subarray(0, 8), bigEndian);
    addChecksum(sum, frame.subarray(FRAME_HEADER_BYTES), bigEndian);
    if (sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20)) return pages;
    uncommitted.set(frame.readUInt32BE(0), at + FRAME_HEADER_BYTES);
    const pageCount = frame.readUInt32BE(4);
    if (pageCount === 0) continue;
    for (const [page, offset] of uncommitted) pages.offsets.set(page, offset);
    uncommitted = new Map();
    pages.databaseBytes = pageCount * pageBytes;
  }
}

type Checksum = [number, number];

/** The cumulative checksum of section 4.2. */
function addChecksum(sum: Checksum, bytes: Uint8Array, bigEndian: boolean): void {
  const view = viewOf(bytes);
  let [first, second] = sum;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    first = (first + view.getUint32(at, !bigEndian) + second) >>> 0;
    second = (second + view.getUint32(at + 4, !bigEndian) + first) >>> 0;
  }
  sum[0] = first;
  sum[1] = second;
}

/** Reads of the database never cross a page, except the one of its header. */
function overlay(readDatabase: ReadAt, readLog: ReadAt, { pageBytes, offsets }: LogPages): ReadAt {
  return (offset, length) => {
    const page = Math.floor(offset / pageBytes) + 1;
    const inLog = offsets.get(page);
    return inLog === undefined
      ? readDatabase(offset, length)
      : readLog(inLog + (offset % pageBytes), Math.min(length, pageBytes - (offset % pageBytes)));
  };
}
