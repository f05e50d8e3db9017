// Reads the headers in an rpm database in the Berkeley DB hash format: RHEL 8 and older, Amazon Linux 2.
// Pages have the layout of db_page.h. Large values such as headers are in chains of overflow pages. Files
// have the byte order of the machine that made them. Not a library, because all Berkeley DB libraries are
// native and write to the database's environment.

import { type RandomAccess, type ReadAt, viewOf } from "../databases/random-access.ts";
import { LimitError, type SkipRecord } from "../databases/skip-record.ts";
import { recordOfBytes, recordOfParts, type StoredRecord } from "../databases/stored-record.ts";
import { MAX_HEADER_BYTES } from "./rpm-header.ts";

const HASH_MAGIC = 0x061561;
const META_BYTES = 512;
const PAGE_HEADER_BYTES = 26;
const PAGE_TYPE = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const VALUE_TYPE = { inline: 1, overflow: 3 } as const;

interface Pages {
  readAt: ReadAt;
  pageBytes: number;
  lastPage: number;
  littleEndian: boolean;
}

/**
 * Yields the value of every record except key 0, which is rpm's counter. Throws RangeError for another
 * format. Skips records that are damaged.
 */
export function* readBerkeleyDbBlobs(access: RandomAccess, skip: SkipRecord): Generator<StoredRecord> {
  const pages = readMeta(access);
  for (let number = 1; number <= pages.lastPage; number += 1) {
    const page = pages.readAt(number * pages.pageBytes, pages.pageBytes);
    if (page.length < pages.pageBytes) throw new RangeError("it is cut short");
    const type = page[25];
    if (type === PAGE_TYPE.hash || type === PAGE_TYPE.hashUnsorted) yield* blobsOfPage(pages, page, skip);
  }
}

function readMeta({ readAt }: RandomAccess): Pages {
  const meta = viewOf(readAt(0, META_BYTES));
  const isWhole = meta.byteLength === META_BYTES;
  const littleEndian = isWhole && meta.getUint32(12, true) === HASH_MAGIC;
  if (!littleEndian && !(isWhole && meta.getUint32(12) === HASH_MAGIC))
    throw new RangeError("it is not a Berkeley DB hash file");
  const pageBytes = meta.getUint32(20, littleEndian);
  if (pageBytes < 512 || pageBytes > 65_536) throw new RangeError(`it has pages of ${pageBytes} bytes`);
  return { readAt, pageBytes, lastPage: meta.getUint32(32, littleEndian), littleEndian };
}

/**
 * A page starts with the offsets of its entries, alternating keys and values. The entries fill it from its
 * end.
 */
function* blobsOfPage(pages: Pages, page: Uint8Array, skip: SkipRecord): Generator<StoredRecord> {
  const { littleEndian } = pages;
  const view = viewOf(page);
  const count = Math.min(view.getUint16(20, littleEndian), Math.floor((page.length - PAGE_HEADER_BYTES) / 2));
  const offsetOf = (entry: number) => view.getUint16(PAGE_HEADER_BYTES + entry * 2, littleEndian);
  for (let entry = 0; entry + 1 < count; entry += 2) {
    const key = page.subarray(offsetOf(entry) + 1, entry === 0 ? page.length : offsetOf(entry - 1));
    const at = offsetOf(entry + 1);
    if (key.every((byte) => byte === 0) || at + 12 > page.length) continue;
    try {
      if (page[at] === VALUE_TYPE.inline) yield recordOfBytes(page.subarray(at + 1, offsetOf(entry)));
      else if (page[at] === VALUE_TYPE.overflow)
        yield readOverflow(pages, view.getUint32(at + 4, littleEndian), view.getUint32(at + 8, littleEndian));
    } catch (error) {
      skip(error);
    }
  }
}

/** The circle of a damaged chain ends at the length of the record. */
function readOverflow(pages: Pages, firstPage: number, length: number): StoredRecord {
  const { readAt, pageBytes, littleEndian } = pages;
  if (length > MAX_HEADER_BYTES) throw new LimitError(`a record of ${length} bytes`);
  let number = firstPage;
  return recordOfParts(length, () => {
    const page = number === 0 ? undefined : readAt(number * pageBytes, pageBytes);
    if (page === undefined || page.length < pageBytes || page[25] !== PAGE_TYPE.overflow) return undefined;
    const view = viewOf(page);
    number = view.getUint32(16, littleEndian);
    return page.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + view.getUint16(22, littleEndian));
  });
}
