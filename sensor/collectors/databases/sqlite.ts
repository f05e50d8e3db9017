// Reads tables of a SQLite database page by page (sqlite.org/fileformat.html), and nothing else of it.
// SQLite's own library would execute what a hostile file defines.
import { type RandomAccess, type ReadAt, viewOf } from "./random-access.ts";
import { LimitError, type SkipRecord } from "./skip-record.ts";
import { recordOfBytes, recordOfParts, type StoredRecord } from "./stored-record.ts";

const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const PAGE_TYPE = { interior: 5, leaf: 13 } as const;
const MAX_DEPTH = 20;
const MAX_TABLES = 1_000;
const MAX_PENDING_PAGES = 100_000;
const MAX_SCHEMA_BYTES = 64 * 1024;

interface Pages {
  readAt: ReadAt;
  pageBytes: number;
  usableBytes: number;
  count: number;
}

function readPages({ readAt, sizeBytes }: RandomAccess): Pages {
  const header = Buffer.from(readAt(0, HEADER_BYTES));
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 16) !== MAGIC)
    throw new RangeError("it is not a SQLite database");
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const usableBytes = pageBytes - header.readUInt8(20);
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0 || usableBytes < 480)
    throw new RangeError(`it has pages of ${pageBytes} bytes`);
  return { readAt, pageBytes, usableBytes, count: Math.ceil(sizeBytes / pageBytes) };
}

/** The records of a table, not parsed. Throws RangeError if there is no such table. */
export function readSqliteRecords(
  access: RandomAccess,
  table: string,
  maxBytes: number,
  skip: SkipRecord,
): Generator<StoredRecord> {
  const pages = readPages(access);
  return readTable(pages, findTable(pages, table), maxBytes, skip);
}

/** The rows of a small table, each with its columns in order. Throws RangeError if there is no such table. */
export function* readSqliteRows(
  access: RandomAccess,
  table: string,
  maxRowBytes: number,
  skip: SkipRecord,
): Generator<Value[]> {
  for (const record of readSqliteRecords(access, table, maxRowBytes, skip)) {
    try {
      yield parseRecord(record.read(record.length));
    } catch (error) {
      skip(error);
    }
  }
}

/** The first page of a table. A view or a virtual table of this name is none. */
function findTable(pages: Pages, wanted: string): number {
  let tables = 0;
  const failures: unknown[] = [];
  for (const record of readTable(pages, 1, MAX_SCHEMA_BYTES, (error) => failures.push(error))) {
    tables += 1;
    if (tables > MAX_TABLES) throw new LimitError(`more than ${MAX_TABLES} tables`);
    const [type, name, , root] = parseRecord(record.read(record.length));
    if (typeof name !== "string" || name.toLowerCase() !== wanted.toLowerCase()) continue;
    if (type !== "table" || typeof root !== "number" || root < 2 || root > pages.count)
      throw new RangeError(`its ${wanted} is not a table`);
    return root;
  }
  throw failures[0] ?? new RangeError(`it has no table ${wanted}`);
}

/**
 * Yields the records of a table in the order of their keys. A page that is visited twice, or deeper than any
 * real table, is a damaged one. Skips what it cannot read.
 */
function* readTable(
  pages: Pages,
  root: number,
  maxBytes: number,
  skip: SkipRecord,
): Generator<StoredRecord, void, undefined> {
  const visited = new Set<number>();
  const pending: { page: number; depth: number }[] = [{ page: root, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { page: number, depth } = next;
    try {
      if (visited.has(number) || depth > MAX_DEPTH) throw new RangeError("its pages are in a circle");
      visited.add(number);
      const page = readPage(pages, number);
      const start = number === 1 ? HEADER_BYTES : 0;
      const view = viewOf(page);
      const type = view.getUint8(start);
      const cellCount = view.getUint16(start + 3);
      if (pending.length > MAX_PENDING_PAGES) throw new LimitError("more pages than any database has");
      if (type === PAGE_TYPE.interior) {
        pending.push({ page: view.getUint32(start + 8), depth: depth + 1 });
        for (let cell = cellCount - 1; cell >= 0; cell -= 1) {
          const at = view.getUint16(start + 12 + cell * 2);
          pending.push({ page: view.getUint32(at), depth: depth + 1 });
        }
      } else if (type === PAGE_TYPE.leaf) yield* readCells(pages, page, start, cellCount, maxBytes, skip);
      else throw new RangeError("a page is not one of a table");
    } catch (error) {
      skip(error);
    }
  }
}

function* readCells(
  pages: Pages,
  page: Uint8Array,
  start: number,
  cellCount: number,
  maxBytes: number,
  skip: SkipRecord,
): Generator<StoredRecord> {
  const view = viewOf(page);
  for (let cell = 0; cell < cellCount; cell += 1) {
    try {
      yield readCell(pages, page, view.getUint16(start + 8 + cell * 2), maxBytes);
    } catch (error) {
      skip(error);
    }
  }
}

/** A cell has the length of the record, its key, and the record, whose end may be in a chain of pages. */
function readCell(pages: Pages, page: Uint8Array, at: number, maxBytes: number): StoredRecord {
  const length = readVarint(page, at);
  const key = readVarint(page, length.end);
  if (length.value > maxBytes) throw new LimitError(`a record of ${length.value} bytes`);
  const local = localBytes(pages.usableBytes, length.value);
  if (key.end + local > page.length) throw new RangeError("a record is cut short");
  const start = page.subarray(key.end, key.end + local);
  if (local === length.value) return recordOfBytes(start);
  let isStart = true;
  let next = viewOf(page).getUint32(key.end + local);
  return recordOfParts(length.value, () => {
    if (isStart) {
      isStart = false;
      return start;
    }
    const overflow = readPage(pages, next);
    next = viewOf(overflow).getUint32(0);
    return overflow.subarray(4, pages.usableBytes);
  });
}

/** How much of a record is in its page (section 1.6). */
function localBytes(usable: number, length: number): number {
  if (length <= usable - 35) return length;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const most = least + ((length - least) % (usable - 4));
  return most <= usable - 35 ? most : least;
}

function readPage({ readAt, pageBytes, count }: Pages, number: number): Uint8Array {
  if (number < 1 || number > count) throw new RangeError(`it refers to page ${number} of ${count}`);
  const page = readAt((number - 1) * pageBytes, pageBytes);
  if (page.length < pageBytes) throw new RangeError("it is cut short");
  return page;
}

type Value = number | string | undefined;

/**
 * The columns of a record (section 2.1). Blobs and floating-point numbers are undefined: no column in use has
 * them.
 */
function parseRecord(record: Uint8Array): Value[] {
  const header = readVarint(record, 0);
  if (header.value > record.length) throw new RangeError("a record is cut short");
  const values: Value[] = [];
  let at = header.value;
  for (let position = header.end; position < header.value; ) {
    const type = readVarint(record, position);
    position = type.end;
    const length = bytesOf(type.value);
    if (at + length > record.length) throw new RangeError("a record is cut short");
    values.push(columnValue(type.value, record.subarray(at, at + length)));
    at += length;
  }
  return values;
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

/** The bytes of a column with this type (section 2.1). */
export function bytesOf(type: number): number {
  return type < 12 ? (INTEGER_BYTES[type] ?? 0) : Math.floor((type - 12) / 2);
}

function columnValue(type: number, bytes: Uint8Array): Value {
  if (type >= 12) return type % 2 === 0 ? undefined : Buffer.from(bytes).toString("utf8");
  if (type === 8) return 0;
  if (type === 9) return 1;
  if (type === 0 || type === 7) return undefined;
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}

/** Big-endian, seven bits a byte, at most nine bytes. */
export function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let count = 0; count < 9; count += 1) {
    const byte = bytes[at + count];
    if (byte === undefined) throw new RangeError("a number is cut short");
    if (count === 8) return { value: value * 256 + byte, end: at + 9 };
    value = value * 128 + (byte & 127);
    if (byte < 128) return { value, end: at + count + 1 };
  }
  throw new RangeError("a number is too long");
}
