// A record of a database, read only as far as it is used: most of an rpm header is about the files of the
// package, and comes after the facts.

export interface StoredRecord {
  length: number;
  /** At least the first `bytes` bytes, or all of a shorter record. Throws RangeError if it is cut short. */
  read(bytes: number): Uint8Array;
}

const FIRST_BYTES = 8 * 1024;

/** A record in parts. `readPart` returns the next one; undefined or an empty one at the end. */
export function recordOfParts(length: number, readPart: () => Uint8Array | undefined): StoredRecord {
  let buffer = new Uint8Array(Math.min(length, FIRST_BYTES));
  let filled = 0;
  const append = (part: Uint8Array) => {
    if (filled + part.length > buffer.length) {
      const larger = new Uint8Array(Math.min(length, Math.max(filled + part.length, 2 * buffer.length)));
      larger.set(buffer.subarray(0, filled));
      buffer = larger;
    }
    buffer.set(part, filled);
    filled += part.length;
  };
  return {
    length,
    read(bytes) {
      while (filled < Math.min(bytes, length)) {
        const part = readPart()?.subarray(0, length - filled);
        if (part === undefined || part.length === 0) throw new RangeError("a record is cut short");
        append(part);
      }
      return buffer.subarray(0, filled);
    },
  };
}

export function recordOfBytes(bytes: Uint8Array): StoredRecord {
  return { length: bytes.length, read: () => bytes };
}

/** The end of a record, from `start`. */
export function recordFrom(record: StoredRecord, start: number): StoredRecord {
  return {
    length: record.length - start,
    read: (bytes) => record.read(start + bytes).subarray(start),
  };
}
