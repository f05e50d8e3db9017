// Reads the headers in an rpm database in the ndb format, which SUSE uses: a table of slots, each with the
// first block of a blob (lib/backend/ndb/rpmpkg.c). Always little-endian. Not a library, because no
// JavaScript library supports this format.
import type { ReadAt } from "./rpm-berkeley-db.ts";

const HEADER_BYTES = 32;
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const BLOB_HEADER_BYTES = 16;
const PAGE_BYTES = 4_096;
const MAX_SLOT_PAGES = 4_096;
const MAX_BLOB_BYTES = 256 * 1024 * 1024;

/** Throws RangeError for another format, or if a blob is not at the position in its slot. */
export function* readNdbBlobs(readAt: ReadAt): Generator<Uint8Array> {
  const header = Buffer.from(readAt(0, HEADER_BYTES));
  if (
    header.length < HEADER_BYTES ||
    header.toString("latin1", 0, 4) !== "RpmP" ||
    header.readUInt32LE(4) !== 0
  )
    throw new RangeError("it is not an ndb package database of version 0");
  const slotPages = header.readUInt32LE(12);
  if (slotPages > MAX_SLOT_PAGES) throw new RangeError(`it claims ${slotPages} pages of slots`);
  const slots = Buffer.from(readAt(HEADER_BYTES, slotPages * PAGE_BYTES - HEADER_BYTES));
  for (let at = 0; at + SLOT_BYTES <= slots.length; at += SLOT_BYTES) {
    const packageIndex = slots.readUInt32LE(at + 4);
    if (slots.toString("latin1", at, at + 4) !== "Slot") throw new RangeError("a slot is broken");
    // A package index of 0 marks a free slot.
    if (packageIndex !== 0) yield readBlob(readAt, packageIndex, slots.readUInt32LE(at + 8) * BLOCK_BYTES);
  }
}

function readBlob(readAt: ReadAt, packageIndex: number, offset: number): Uint8Array {
  const header = Buffer.from(readAt(offset, BLOB_HEADER_BYTES));
  const isBlob = header.length === BLOB_HEADER_BYTES && header.toString("latin1", 0, 4) === "BlbS";
  if (!isBlob || header.readUInt32LE(4) !== packageIndex)
    throw new RangeError("a blob is not where its slot says");
  const length = header.readUInt32LE(12);
  if (length > MAX_BLOB_BYTES) throw new RangeError(`a record claims ${length} bytes`);
  const blob = readAt(offset + BLOB_HEADER_BYTES, length);
  if (blob.length < length) throw new RangeError("a record is cut short");
  return blob;
}
