// Sections of a program in the ELF format (elf(5)), found by name. Every offset in the file may be wrong.

import { viewOf } from "../../databases/random-access.ts";
import type { HostFile } from "../../open-regular-file.ts";

interface Section {
  offset: number;
  size: number;
}

export interface Elf {
  is64: boolean;
  littleEndian: boolean;
  sections: ReadonlyMap<string, Section>;
  /** The offset in the file of an address in memory; undefined if it is not from the file. */
  offsetOf(address: number): number | undefined;
}

const MAX_SECTIONS = 500;
const MAX_SEGMENTS = 100;
const MAX_NAMES_BYTES = 64 * 1024;

/** Undefined if it is not a program, or one without a table of sections. */
export function readElf(file: HostFile): Elf | undefined {
  const bytes = file.readAt(0, 64);
  if (bytes.length < 64 || viewOf(bytes).getUint32(0) !== 0x7f454c46) return undefined;
  const is64 = bytes[4] === 2;
  const littleEndian = bytes[5] === 1;
  const header = fieldsOf(bytes, is64, littleEndian);
  const [segmentsAt, sectionsAt] = is64
    ? [header.word(32), header.word(40)]
    : [header.word(28), header.word(32)];
  const counts = is64 ? 54 : 42;
  const [segmentSize, segmentCount, sectionSize, sectionCount, namesIndex] = [0, 2, 4, 6, 8].map((at) =>
    header.half(counts + at),
  ) as [number, number, number, number, number];
  if (sectionSize < (is64 ? 64 : 40) || sectionCount > MAX_SECTIONS || namesIndex >= sectionCount)
    return undefined;
  const table = file.readAt(sectionsAt, sectionSize * sectionCount);
  if (table.length < sectionSize * sectionCount) return undefined;
  const sectionAt = (index: number) => {
    const fields = fieldsOf(table.subarray(index * sectionSize), is64, littleEndian);
    return {
      name: fields.int(0),
      offset: fields.word(is64 ? 24 : 16),
      size: fields.word(is64 ? 32 : 20),
    };
  };
  const names = sectionAt(namesIndex);
  const texts = Buffer.from(file.readAt(names.offset, Math.min(names.size, MAX_NAMES_BYTES)));
  const sections = new Map<string, Section>();
  for (let index = 0; index < sectionCount; index += 1) {
    const { name, offset, size } = sectionAt(index);
    const end = texts.indexOf(0, name);
    if (end >= 0 && end - name < 100) sections.set(texts.toString("latin1", name, end), { offset, size });
  }
  const offsetOf = (address: number) =>
    findOffset(file, { at: segmentsAt, size: segmentSize, count: segmentCount, is64, littleEndian }, address);
  return { is64, littleEndian, sections, offsetOf };
}

const LOADED_SEGMENT = 1;

function findOffset(
  file: HostFile,
  table: { at: number; size: number; count: number; is64: boolean; littleEndian: boolean },
  address: number,
): number | undefined {
  const { at, size, count, is64, littleEndian } = table;
  if (count > MAX_SEGMENTS || size < (is64 ? 56 : 32)) return undefined;
  const bytes = file.readAt(at, size * count);
  for (let index = 0; (index + 1) * size <= bytes.length; index += 1) {
    const fields = fieldsOf(bytes.subarray(index * size), is64, littleEndian);
    const offset = fields.word(is64 ? 8 : 4);
    const start = fields.word(is64 ? 16 : 8);
    const length = fields.word(is64 ? 32 : 16);
    if (fields.int(0) === LOADED_SEGMENT && address >= start && address < start + length)
      return offset + (address - start);
  }
  return undefined;
}

/** Numbers of a structure: two bytes, four bytes, and those that have the size of an address. */
function fieldsOf(bytes: Uint8Array, is64: boolean, littleEndian: boolean) {
  const view = viewOf(bytes);
  return {
    half: (at: number) => view.getUint16(at, littleEndian),
    int: (at: number) => view.getUint32(at, littleEndian),
    word: (at: number) =>
      is64 ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian),
  };
}
