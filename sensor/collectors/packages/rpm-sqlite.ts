// Reads the headers in an rpm database in the SQLite format: the second column of the table Packages.
import type { RandomAccess } from "../databases/random-access.ts";
import type { SkipRecord } from "../databases/skip-record.ts";
import { bytesOf, readSqliteRecords, readVarint } from "../databases/sqlite.ts";
import { recordFrom, type StoredRecord } from "../databases/stored-record.ts";
import { MAX_HEADER_BYTES } from "./rpm-header.ts";

/** Throws RangeError if it is not such a database. */
export function* readSqliteBlobs(access: RandomAccess, skip: SkipRecord): Generator<StoredRecord> {
  for (const record of readSqliteRecords(access, "Packages", MAX_HEADER_BYTES, skip)) {
    try {
      yield readBlob(record);
    } catch (error) {
      skip(error);
    }
  }
}

/** The longest start of a record with two columns: three numbers. */
const MAX_START_BYTES = 27;

/** The second column of a row of Packages. Both may be longer than what is read of them. */
function readBlob(record: StoredRecord): StoredRecord {
  const start = record.read(MAX_START_BYTES);
  const header = readVarint(start, 0);
  const first = readVarint(start, header.end);
  const second = readVarint(start, first.end);
  const at = header.value + bytesOf(first.value);
  const length = bytesOf(second.value);
  if (second.value < 12 || second.value % 2 !== 0) throw new RangeError("a record has no header");
  if (second.end > header.value || at + length > record.length) throw new RangeError("a record is cut short");
  return recordFrom(record, at);
}
