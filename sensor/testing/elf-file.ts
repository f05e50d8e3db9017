// Programs in the ELF format for tests: a header, one loaded segment, sections and their names.

/** The segment maps the whole file at `LOADED_AT`. */
export const LOADED_AT = 0x400000;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;

/** `sections` may depend on the offset where their content begins. */
export function makeElf(name: string, contentOf: (offset: number) => Buffer): Buffer {
  const names = Buffer.from(`\0${name}\0.shstrtab\0`);
  const contentAt = HEADER_BYTES + SEGMENT_BYTES;
  const content = contentOf(contentAt);
  const namesAt = contentAt + content.length;
  const tableAt = namesAt + names.length;
  const file = Buffer.alloc(tableAt + 3 * SECTION_BYTES);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  file.writeBigUInt64LE(BigInt(tableAt), 40);
  for (const [at, value] of [SEGMENT_BYTES, 1, SECTION_BYTES, 3, 2].entries())
    file.writeUInt16LE(value, 54 + at * 2);
  file.writeUInt32LE(1, HEADER_BYTES);
  file.writeBigUInt64LE(BigInt(LOADED_AT), HEADER_BYTES + 16);
  file.writeBigUInt64LE(BigInt(file.length), HEADER_BYTES + 32);
  file.set(content, contentAt);
  file.set(names, namesAt);
  writeSection(file, tableAt + SECTION_BYTES, 1, contentAt, content.length);
  writeSection(file, tableAt + 2 * SECTION_BYTES, name.length + 2, namesAt, names.length);
  return file;
}

function writeSection(file: Buffer, at: number, name: number, offset: number, size: number): void {
  file.writeUInt32LE(name, at);
  file.writeBigUInt64LE(BigInt(offset), at + 24);
  file.writeBigUInt64LE(BigInt(size), at + 32);
}
