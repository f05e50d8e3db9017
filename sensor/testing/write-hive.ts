// Writes hives for tests, in the layout of the format regf 1.5.
import type { RegistryValue } from "../collectors/windows/registry.ts";

export interface HiveKey {
  name: string;
  values: { name: string; value: RegistryValue }[];
  children: HiveKey[];
}

const NONE = 0xffff_ffff;
const HEADER_BYTES = 0x1000;
const BIN_HEADER_BYTES = 0x20;
const SEGMENT_BYTES = 16_344;
/** More subkeys are in several lists. */
const LIST_LENGTH = 500;
/** A list of this length has the form that old versions of Windows write. */
const OLD_LIST_LENGTH = 2;

export function writeHive(root: HiveKey): Buffer {
  const cells: Buffer[] = [];
  let length = BIN_HEADER_BYTES;

  function addCell(content: Buffer): number {
    const size = Math.ceil((content.length + 4) / 8) * 8;
    const cell = Buffer.alloc(size);
    cell.writeInt32LE(-size, 0);
    content.copy(cell, 4);
    const offset = length;
    cells.push(cell);
    length += size;
    return offset;
  }

  function addNumbers(start: Buffer, numbers: readonly number[]): number {
    const content = Buffer.alloc(start.length + numbers.length * 4);
    start.copy(content);
    for (const [index, number] of numbers.entries()) content.writeUInt32LE(number, start.length + index * 4);
    return addCell(content);
  }

  function addList(offsets: readonly number[]): number {
    if (offsets.length === 0) return NONE;
    if (offsets.length > LIST_LENGTH) {
      const lists: number[] = [];
      for (let at = 0; at < offsets.length; at += LIST_LENGTH)
        lists.push(addList(offsets.slice(at, at + LIST_LENGTH)));
      return addNumbers(listHead("ri", lists.length), lists);
    }
    if (offsets.length === OLD_LIST_LENGTH) return addNumbers(listHead("li", offsets.length), offsets);
    return addNumbers(
      listHead("lh", offsets.length),
      offsets.flatMap((offset) => [offset, 0x1234_5678]),
    );
  }

  function addContent(bytes: Buffer): number {
    if (bytes.length <= SEGMENT_BYTES) return addCell(bytes);
    const segments: number[] = [];
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES)
      segments.push(addCell(bytes.subarray(at, at + SEGMENT_BYTES)));
    const head = Buffer.alloc(8);
    head.write("db", "latin1");
    head.writeUInt16LE(segments.length, 2);
    head.writeUInt32LE(addNumbers(Buffer.alloc(0), segments), 4);
    return addCell(head);
  }

  function addValue({ name, value }: HiveKey["values"][number]): number {
    const { bytes: nameBytes, isLatin } = encodeName(name);
    const content = Buffer.alloc(0x14 + nameBytes.length);
    content.write("vk", "latin1");
    content.writeUInt16LE(nameBytes.length, 2);
    const bytes = Buffer.from(value.bytes);
    if (bytes.length <= 4) {
      content.writeUInt32LE((0x8000_0000 | bytes.length) >>> 0, 4);
      bytes.copy(content, 8);
    } else {
      content.writeUInt32LE(bytes.length, 4);
      content.writeUInt32LE(addContent(bytes), 8);
    }
    content.writeUInt32LE(value.type, 0xc);
    content.writeUInt16LE(isLatin ? 1 : 0, 0x10);
    nameBytes.copy(content, 0x14);
    return addCell(content);
  }

  function addKey({ name, values, children }: HiveKey): number {
    const { bytes: nameBytes, isLatin } = encodeName(name);
    // Windows finds a key by its name, in order of the capitals.
    const sorted = children.toSorted((one, other) =>
      one.name.toUpperCase() < other.name.toUpperCase() ? -1 : 1,
    );
    const content = Buffer.alloc(0x4c + nameBytes.length);
    content.write("nk", "latin1");
    content.writeUInt16LE(isLatin ? 0x20 : 0, 2);
    content.writeUInt32LE(children.length, 0x14);
    content.writeUInt32LE(addList(sorted.map(addKey)), 0x1c);
    content.writeUInt32LE(NONE, 0x20);
    content.writeUInt32LE(values.length, 0x24);
    content.writeUInt32LE(
      values.length === 0 ? NONE : addNumbers(Buffer.alloc(0), values.map(addValue)),
      0x28,
    );
    content.writeUInt32LE(NONE, 0x2c);
    content.writeUInt32LE(NONE, 0x30);
    content.writeUInt16LE(nameBytes.length, 0x48);
    nameBytes.copy(content, 0x4c);
    return addCell(content);
  }

  const rootOffset = addKey(root);
  const binBytes = Math.ceil(length / 0x1000) * 0x1000;
  return Buffer.concat([
    header(rootOffset, binBytes),
    binHeader(binBytes),
    ...cells,
    freeCell(binBytes - length),
  ]);
}

function header(rootOffset: number, binBytes: number): Buffer {
  const block = Buffer.alloc(HEADER_BYTES);
  block.write("regf", "latin1");
  block.writeUInt32LE(1, 4);
  block.writeUInt32LE(1, 8);
  block.writeUInt32LE(1, 0x14);
  block.writeUInt32LE(5, 0x18);
  block.writeUInt32LE(1, 0x20);
  block.writeUInt32LE(rootOffset, 0x24);
  block.writeUInt32LE(binBytes, 0x28);
  block.writeUInt32LE(1, 0x2c);
  let checksum = 0;
  for (let at = 0; at < 0x1fc; at += 4) checksum = (checksum ^ block.readUInt32LE(at)) >>> 0;
  block.writeUInt32LE(checksum, 0x1fc);
  return block;
}

/** The rest of the bin. The size of a free cell is positive. */
function freeCell(bytes: number): Buffer {
  const cell = Buffer.alloc(bytes);
  if (bytes > 0) cell.writeInt32LE(bytes, 0);
  return cell;
}

function binHeader(bytes: number): Buffer {
  const block = Buffer.alloc(BIN_HEADER_BYTES);
  block.write("hbin", "latin1");
  block.writeUInt32LE(bytes, 8);
  return block;
}

function listHead(kind: string, length: number): Buffer {
  const head = Buffer.alloc(4);
  head.write(kind, "latin1");
  head.writeUInt16LE(length, 2);
  return head;
}

function encodeName(name: string): { bytes: Buffer; isLatin: boolean } {
  const isLatin = [...name].every((char) => char.charCodeAt(0) < 256);
  return { bytes: Buffer.from(name, isLatin ? "latin1" : "utf16le"), isLatin };
}
