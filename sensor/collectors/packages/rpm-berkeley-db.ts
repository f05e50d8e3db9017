// Reads the headers in an rpm database in the Berkeley DB hash format: RHEL 8 and older, Amazon Linux 2.
// Pages have the layout of db_page.h. Large values such as headers are in chains of overflow pages.
// Supports only little-endian files. Not a library, because all Berkeley DB libraries are native and write to
// the database's environment.

/** Returns the bytes at an offset; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const HASH_MAGIC = 0x061561;
const PAGE_HEADER_BYTES = 26;
const PAGE_TYPE = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const VALUE_TYPE = { inline: 1, overflow: 3 } as const;
const MAX_BLOB_BYTES = 256 * 1024 * 1024;

/**
 * Yields the value of every record except key 0, which is rpm's counter. Throws RangeError for another
 * format.
 */
export function* readBerkeleyDbBlobs(readAt: ReadAt): Generator<Uint8Array> {
  const meta = viewOf(readAt(0, 512));
  if (meta.byteLength < 512 || meta.getUint32(12, true) !== HASH_MAGIC)
    throw new RangeError("it is not a Berkeley DB hash file of this byte order");
  const pageBytes = meta.getUint32(20, true);
  const lastPage = meta.getUint32(32, true);
  if (pageBytes < 512 || pageBytes > 65_536) throw new RangeError(`it has pages of ${pageBytes} bytes`);
  for (let page = 1; page <= lastPage; page += 1) {
    const bytes = readAt(page * pageBytes, pageBytes);
    if (bytes.length < pageBytes) return;
    const type = bytes[25];
    if (type === PAGE_TYPE.hash || type === PAGE_TYPE.hashUnsorted)
      yield* blobsOfPage(readAt, bytes, lastPage);
  }
}

/**
 * A page starts with the offsets of its entries, alternating keys and values. The entries fill it from its
 * end.
 */
function* blobsOfPage(readAt: ReadAt, page: Uint8Array, lastPage: number): Generator<Uint8Array> {
  const view = viewOf(page);
  const count = Math.min(view.getUint16(20, true), Math.floor((page.length - PAGE_HEADER_BYTES) / 2));
  const offsetOf = (entry: number) => view.getUint16(PAGE_HEADER_BYTES + entry * 2, true);
  for (let entry = 0; entry + 1 < count; entry += 2) {
    const key = page.subarray(offsetOf(entry) + 1, entry === 0 ? page.length : offsetOf(entry - 1));
    const at = offsetOf(entry + 1);
    if (key.every((byte) => byte === 0) || at + 12 > page.length) continue;
    if (page[at] === VALUE_TYPE.inline) yield page.slice(at + 1, offsetOf(entry));
    else if (page[at] === VALUE_TYPE.overflow)
      yield readOverflow(
        readAt,
        view.getUint32(at + 4, true),
        view.getUint32(at + 8, true),
        page.length,
        lastPage,
      );
  }
}

function readOverflow(
  readAt: ReadAt,
  firstPage: number,
  length: number,
  pageBytes: number,
  lastPage: number,
): Uint8Array {
  if (length > MAX_BLOB_BYTES) throw new RangeError(`a record claims ${length} bytes`);
  const parts: Uint8Array[] = [];
  let missing = length;
  // A chain cannot have more pages than the file, so a cycle ends.
  for (let page = firstPage, steps = 0; page !== 0 && missing > 0 && steps <= lastPage; steps += 1) {
    const bytes = readAt(page * pageBytes, pageBytes);
    if (bytes.length < pageBytes || bytes[25] !== PAGE_TYPE.overflow) break;
    const view = viewOf(bytes);
    const part = bytes.slice(
      PAGE_HEADER_BYTES,
      PAGE_HEADER_BYTES + Math.min(missing, view.getUint16(22, true)),
    );
    parts.push(part);
    missing -= part.length;
    page = view.getUint32(16, true);
  }
  if (missing > 0) throw new RangeError("a record is cut short");
  return Buffer.concat(parts);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
