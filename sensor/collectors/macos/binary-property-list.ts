// The format bplist00 (CFBinaryPList.c): a header, objects, a table with the offset of each object, and a
// trailer of 32 bytes. Containers refer to objects by number, so a file may make a loop, or name one
// container very often: each value that is made counts. Texts may overlap: their bytes count, too.
import { DamagedPlist, MAX_DEPTH, MAX_VALUES, type PlistValue } from "./plist-value.ts";

const TRAILER_BYTES = 32;
/** Seconds between 1970 and 2001, where the times of macOS begin. */
const EPOCH = 978_307_200;

/** Throws DamagedPlist. */
export function readBinaryPropertyList(file: Buffer): PlistValue {
  if (file.length < 8 + TRAILER_BYTES) throw new DamagedPlist("the file ends early");
  const trailer = file.subarray(file.length - TRAILER_BYTES);
  const [offsetBytes = 0, referenceBytes = 0] = [trailer[6], trailer[7]];
  const count = readNumber(trailer, 8, 8);
  const top = readNumber(trailer, 16, 8);
  const table = readNumber(trailer, 24, 8);
  const end = file.length - TRAILER_BYTES;
  if (offsetBytes < 1 || offsetBytes > 8 || referenceBytes < 1 || referenceBytes > 8)
    throw new DamagedPlist("the trailer is damaged");
  if (table < 8 || table + count * offsetBytes > end)
    throw new DamagedPlist("the table of objects is damaged");
  const texts = new Map<number, PlistValue>();
  let made = 0;
  let textBytes = 0;

  function read(id: number, depth: number): PlistValue {
    made += 1;
    if (made > MAX_VALUES) throw new DamagedPlist("it has too many values");
    if (depth > MAX_DEPTH) throw new DamagedPlist("it has too many levels");
    if (id >= count) throw new DamagedPlist("it refers to a missing object");
    if (texts.has(id)) return texts.get(id);
    const at = readNumber(file, table + id * offsetBytes, offsetBytes);
    if (at < 8 || at >= table) throw new DamagedPlist("an object is outside of the file");
    const marker = file[at]!;
    const low = marker & 0x0f;
    switch (marker >> 4) {
      case 0x0:
        return low === 9 ? true : low === 8 ? false : undefined;
      case 0x1:
        // Only numbers of 8 bytes and more have a sign.
        return readInteger(bytesAt(at + 1, 2 ** Math.min(low, 5)));
      case 0x2:
        return readReal(bytesAt(at + 1, 2 ** Math.min(low, 5)));
      case 0x3:
        return new Date((readReal(bytesAt(at + 1, 8)) + EPOCH) * 1_000);
      case 0x4:
      case 0x5:
      case 0x6:
        return readText(id, marker >> 4, at);
      case 0x8:
        return readNumber(bytesAt(at + 1, low + 1), 0, low + 1);
      case 0xa:
      case 0xb:
      case 0xc: {
        const { length, start } = sizeOf(at);
        const references = bytesAt(start, length * referenceBytes);
        return Array.from({ length }, (_, index) => read(referenceAt(references, index), depth + 1));
      }
      case 0xd: {
        const { length, start } = sizeOf(at);
        const references = bytesAt(start, length * 2 * referenceBytes);
        const dict = new Map<string, PlistValue>();
        for (let index = 0; index < length; index += 1) {
          const key = read(referenceAt(references, index), depth + 1);
          const value = read(referenceAt(references, length + index), depth + 1);
          if (typeof key === "string") dict.set(key, value);
        }
        return dict;
      }
      default:
        throw new DamagedPlist("it has an object of an unknown type");
    }
  }

  /** Data, a text in ASCII, or a text in UTF-16. */
  function readText(id: number, type: number, at: number): PlistValue {
    const { length, start } = sizeOf(at);
    const bytes = bytesAt(start, type === 0x6 ? length * 2 : length);
    textBytes += bytes.length;
    if (textBytes > file.length) throw new DamagedPlist("its texts overlap");
    const value =
      type === 0x4
        ? new Uint8Array(bytes)
        : type === 0x5
          ? bytes.toString("latin1")
          : Buffer.from(bytes).swap16().toString("utf16le");
    texts.set(id, value);
    return value;
  }

  /** Bytes between the header and the table. */
  function bytesAt(start: number, length: number): Buffer {
    if (start + length > table) throw new DamagedPlist("an object is longer than the file");
    return file.subarray(start, start + length);
  }

  /** A size of 15 or more is an integer object after the marker. */
  function sizeOf(at: number): { length: number; start: number } {
    const low = file[at]! & 0x0f;
    if (low < 15) return { length: low, start: at + 1 };
    const marker = bytesAt(at + 1, 1)[0]!;
    if (marker >> 4 !== 1 || (marker & 0x0f) > 3) throw new DamagedPlist("the size of an object is damaged");
    const bytes = 2 ** (marker & 0x0f);
    return { length: readNumber(bytesAt(at + 2, bytes), 0, bytes), start: at + 2 + bytes };
  }

  const referenceAt = (references: Buffer, index: number) =>
    readNumber(references, index * referenceBytes, referenceBytes);
  return read(top, 0);
}

/** Without a sign. Beyond 2^53 it is inexact, and larger than any file. */
function readNumber(bytes: Buffer, at: number, length: number): number {
  let number = 0;
  for (let index = 0; index < length; index += 1) number = number * 256 + (bytes[at + index] ?? 0);
  return number;
}

function readInteger(bytes: Buffer): number {
  if (bytes.length < 8) return readNumber(bytes, 0, bytes.length);
  return Number(bytes.readBigInt64BE(bytes.length - 8));
}

function readReal(bytes: Buffer): number {
  if (bytes.length === 4) return bytes.readFloatBE(0);
  if (bytes.length === 8) return bytes.readDoubleBE(0);
  throw new DamagedPlist("a number has an unknown size");
}
