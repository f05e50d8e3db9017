// Reads the headers in an rpm database in the ndb format, which SUSE uses: a table of slots, each with the
// first block of a blob (lib/backend/ndb/rpmpkg.c). Always little-endian. Not a library, because no
// JavaScript library supports this format.

import type { RandomAccess, ReadAt } from "../databases/random-access.ts";
import { LimitError, type SkipRecord } from "../databases/skip-record.ts";
import { recordOfParts, type StoredRecord } from "../databases/stored-record.ts";
import { MAX_HEADER_BYTES } from "./rpm-header.ts";

const HEADER_BYTES = 32;
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const BLOB_HEADER_BYTES = 16;
const PAGE_BYTES = 4_096;
const MAX_SLOT_PAGES = 4_096;
/** Of a header with few files, the facts are in the first part. Those of large ones are in the second. */
const PART_BYTES = [1_024, 8 * 1_024, 64 * 1_024];
/** There are no pages. */
export const NDB_WINDOW_BYTES = 2 * 1_024;

/** Throws RangeError for another format. Skips blobs that are not at the position in their slot. */
export function* readNdbBlobs({ readAt }: RandomAccess, skip: SkipRecord): Generator<StoredRecord> {
  const header = Buffer.from(readAt(0, HEADER_BYTES));
  if (
    header.length < HEADER_BYTES ||
    header.toString("latin1", 0, 4) !== "RpmP" ||
    header.readUInt32LE(4) !== 0
  )
    throw new RangeError("it is not an ndb package database of version 0");
  const slotPages = header.readUInt32LE(12);
  if (slotPages > MAX_SLOT_PAGES) throw new RangeError(`it claims ${slotPages} pages of slots`);
  const slotBytes = slotPages * PAGE_BYTES;
  for (let at = HEADER_BYTES; at < slotBytes; at += SLOT_BYTES) {
    const slot = Buffer.from(readAt(at, SLOT_BYTES));
    if (slot.length < SLOT_BYTES) throw new RangeError("it is cut short");
    // A package index of 0 marks a free slot.
    const packageIndex = slot.readUInt32LE(4);
    try {
      if (slot.toString("latin1", 0, 4) !== "Slot") throw new RangeError("a slot is broken");
      if (packageIndex !== 0) yield readBlob(readAt, packageIndex, slot.readUInt32LE(8) * BLOCK_BYTES);
    } catch (error) {
      skip(error);
    }
  }
}

function readBlob(readAt: ReadAt, packageIndex: number, offset: number): StoredRecord {
  const header = Buffer.from(readAt(offset, BLOB_HEADER_BYTES));
  const isBlob = header.length === BLOB_HEADER_BYTES && header.toString("latin1", 0, 4) === "BlbS";
  if (!isBlob || header.readUInt32LE(4) !== packageIndex)
    throw new RangeError("a blob is not where its slot says");
  const length = header.readUInt32LE(12);
  if (length > MAX_HEADER_BYTES) throw new LimitError(`a record of ${length} bytes`);
  let at = offset + BLOB_HEADER_BYTES;
  let parts = 0;
  return recordOfParts(length, () => {
    const bytes = PART_BYTES[parts] ?? (PART_BYTES.at(-1) as number);
    const part = readAt(at, Math.min(bytes, offset + BLOB_HEADER_BYTES + length - at));
    at += part.length;
    parts += 1;
    return part;
  });
}
