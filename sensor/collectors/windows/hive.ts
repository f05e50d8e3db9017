// Reads a hive, the file that has a part of the registry (format regf 1.3 to 1.6). Read-only: loading a hive
// into the registry would need rights that change the host, and would lock the user's file.
import type { RegistryValue } from "./registry.ts";
import { MAX_KEYS, MAX_VALUE_BYTES, MAX_VALUES } from "./registry.ts";

/** A part of the file; shorter at its end. */
export type ReadBlock = (offset: number, length: number) => Buffer;

export interface Hive {
  /** Whether a program did not finish writing it. What is in its logs is missing then. */
  isUnfinished: boolean;
  findValues(path: readonly string[]): Map<string, RegistryValue> | undefined;
  listKeys(path: readonly string[]): string[];
}

interface Key {
  name: string;
  subkeys: number;
  valueCount: number;
  values: number;
}

const FIRST_BIN = 0x1000;
const NONE = 0xffff_ffff;
const LATIN_NAME = { key: 0x20, value: 1 };
const INLINE = 0x8000_0000;
const MAX_LISTS = 4_096;
const SEGMENT_BYTES = 16_344;

/** Throws if the file is not a hive. A damaged part costs only the keys in it. */
export function openHive(read: ReadBlock): Hive {
  const header = read(0, 0x30);
  if (header.length < 0x30 || header.toString("latin1", 0, 4) !== "regf") throw new Error("not a hive");
  const root = header.readUInt32LE(0x24);
  const children = new Map<number, Map<string, Key>>();

  /** The content of a cell, at most `length` bytes; empty if it is outside of the file. */
  function cell(offset: number, length: number): Buffer {
    if (offset === NONE) return Buffer.alloc(0);
    const head = read(FIRST_BIN + offset, 4);
    if (head.length < 4) return Buffer.alloc(0);
    // The size of a cell in use is negative.
    const size = Math.abs(head.readInt32LE(0)) - 4;
    return size <= 0 ? Buffer.alloc(0) : read(FIRST_BIN + offset + 4, Math.min(size, length));
  }

  function readKey(offset: number): Key | undefined {
    const bytes = cell(offset, 0x4c + 512);
    if (bytes.length < 0x4c || bytes.toString("latin1", 0, 2) !== "nk") return undefined;
    const isLatin = (bytes.readUInt16LE(2) & LATIN_NAME.key) !== 0;
    const name = bytes.subarray(0x4c, 0x4c + bytes.readUInt16LE(0x48));
    return {
      name: name.toString(isLatin ? "latin1" : "utf16le"),
      subkeys: bytes.readUInt32LE(0x14) === 0 ? NONE : bytes.readUInt32LE(0x1c),
      valueCount: bytes.readUInt32LE(0x24),
      values: bytes.readUInt32LE(0x28),
    };
  }

  /** Offsets of the keys in a list, which may be a list of lists. */
  function listOffsets(list: number): number[] {
    const pending = [list];
    const offsets: number[] = [];
    for (let count = 0; pending.length > 0 && count < MAX_LISTS && offsets.length < MAX_KEYS; count += 1) {
      const bytes = cell(pending.pop()!, 4 + 8 * 65_535);
      if (bytes.length < 4) continue;
      const kind = bytes.toString("latin1", 0, 2);
      const width = kind === "lf" || kind === "lh" ? 8 : kind === "li" || kind === "ri" ? 4 : 0;
      if (width === 0) continue;
      const length = Math.min(bytes.readUInt16LE(2), Math.floor((bytes.length - 4) / width));
      const here = Array.from({ length }, (_, index) => bytes.readUInt32LE(4 + index * width));
      if (kind === "ri") pending.push(...here.toReversed());
      else offsets.push(...here);
    }
    return offsets.slice(0, MAX_KEYS);
  }

  function findKey(path: readonly string[]): Key | undefined {
    let key = rootKey;
    for (const name of path) key = key && childrenOf(key).get(name.toLowerCase());
    return key;
  }

  /** By name in lower case. Each list is read once: a key may have many thousands. */
  function childrenOf(key: Key): Map<string, Key> {
    const known = children.get(key.subkeys);
    if (known) return known;
    const found = new Map<string, Key>();
    for (const offset of listOffsets(key.subkeys)) {
      const child = readKey(offset);
      if (child) found.set(child.name.toLowerCase(), child);
    }
    children.set(key.subkeys, found);
    return found;
  }

  function readContent(length: number, offset: number): Uint8Array | undefined {
    if (length > MAX_VALUE_BYTES) return undefined;
    const bytes = cell(offset, length);
    if (length <= SEGMENT_BYTES || bytes.toString("latin1", 0, 2) !== "db") return bytes;
    const segments = cell(bytes.readUInt32LE(4), bytes.readUInt16LE(2) * 4);
    const parts: Buffer[] = [];
    for (let at = 0, left = length; at + 4 <= segments.length && left > 0; at += 4) {
      const part = cell(segments.readUInt32LE(at), Math.min(left, SEGMENT_BYTES));
      if (part.length === 0) break;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  function readValue(offset: number): { name: string; value: RegistryValue } | undefined {
    const bytes = cell(offset, 0x14 + 32_767);
    if (bytes.length < 0x14 || bytes.toString("latin1", 0, 2) !== "vk") return undefined;
    const isLatin = (bytes.readUInt16LE(0x10) & LATIN_NAME.value) !== 0;
    const name = bytes.subarray(0x14, 0x14 + bytes.readUInt16LE(2)).toString(isLatin ? "latin1" : "utf16le");
    const length = bytes.readUInt32LE(4);
    // Up to four bytes are in place of the offset.
    const content =
      length >= INLINE
        ? bytes.subarray(8, 8 + Math.min(length - INLINE, 4))
        : readContent(length, bytes.readUInt32LE(8));
    return content && { name, value: { type: bytes.readUInt32LE(0xc), bytes: content } };
  }

  const rootKey = readKey(root);
  if (rootKey === undefined) throw new Error("its first key is damaged");
  return {
    isUnfinished: header.readUInt32LE(4) !== header.readUInt32LE(8),
    findValues(path) {
      const key = findKey(path);
      if (key === undefined) return undefined;
      const count = Math.min(key.valueCount, MAX_VALUES);
      const offsets = count === 0 ? Buffer.alloc(0) : cell(key.values, count * 4);
      const values = new Map<string, RegistryValue>();
      for (let at = 0; at + 4 <= offsets.length; at += 4) {
        const next = readValue(offsets.readUInt32LE(at));
        if (next) values.set(next.name.toLowerCase(), next.value);
      }
      return values;
    },
    listKeys(path) {
      const key = findKey(path);
      return key ? [...childrenOf(key).values()].map(({ name }) => name) : [];
    },
  };
}
