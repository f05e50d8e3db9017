// Parses the SMBIOS tables of the firmware (DMTF DSP0134): structures with a formatted part, then texts.
// Firmware cuts tables short and gets lengths wrong, so that every number is checked, and parsing ends at the
// first structure that cannot be one.

export interface SmbiosStructure {
  type: number;
  /** Undefined beyond the end of the structure: older firmware has shorter ones. */
  byteAt(offset: number): number | undefined;
  wordAt(offset: number): number | undefined;
  dwordAt(offset: number): number | undefined;
  /** The text whose number is at the offset. */
  textAt(offset: number): string | undefined;
}

const HEADER_BYTES = 4;
const END_OF_TABLE = 127;
/** A table of real firmware has some hundred. */
export const MAX_STRUCTURES = 20_000;
/** Their numbers have one byte. */
const MAX_TEXTS = 255;

export function parseSmbios(table: Uint8Array): SmbiosStructure[] {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength);
  const structures: SmbiosStructure[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length && structures.length < MAX_STRUCTURES) {
    const type = bytes[at]!;
    const length = bytes[at + 1]!;
    if (length < HEADER_BYTES || at + length > bytes.length) break;
    const { texts, end } = textsAfter(bytes, at + length);
    structures.push(structureOf(type, bytes.subarray(at, at + length), texts));
    if (type === END_OF_TABLE || end === undefined) break;
    at = end;
  }
  return structures;
}

/**
 * Texts end with a zero byte each, and the last one with another. Without texts, there are two zero bytes.
 */
function textsAfter(bytes: Buffer, start: number): { texts: string[]; end: number | undefined } {
  const texts: string[] = [];
  let at = start;
  while (at < bytes.length) {
    const end = bytes.indexOf(0, at);
    if (end < 0) break;
    if (end === at) return { texts, end: texts.length === 0 ? at + 2 : at + 1 };
    if (texts.length < MAX_TEXTS) texts.push(bytes.toString("latin1", at, end));
    at = end + 1;
  }
  return { texts, end: undefined };
}

function structureOf(type: number, formatted: Buffer, texts: readonly string[]): SmbiosStructure {
  const within = <T>(offset: number, size: number, read: () => T) =>
    offset + size <= formatted.length ? read() : undefined;
  return {
    type,
    byteAt: (offset) => within(offset, 1, () => formatted.readUInt8(offset)),
    wordAt: (offset) => within(offset, 2, () => formatted.readUInt16LE(offset)),
    dwordAt: (offset) => within(offset, 4, () => formatted.readUInt32LE(offset)),
    textAt: (offset) => within(offset, 1, () => texts[formatted.readUInt8(offset) - 1]),
  };
}
