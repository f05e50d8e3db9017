// The tables in which the firmware describes the machine (SMBIOS, DMTF DSP0134): structures with a type,
// fixed fields, and texts behind them. Linux has them in /sys/firmware/dmi/tables/DMI, Windows returns them.

export interface SmbiosStructure {
  type: number;
  /** Undefined beyond the end of the structure: older versions of the standard have shorter ones. */
  byteAt(offset: number): number | undefined;
  wordAt(offset: number): number | undefined;
  dwordAt(offset: number): number | undefined;
  /** The text whose number is at the offset. */
  textAt(offset: number): string | undefined;
}

const MAX_STRUCTURES = 10_000;
const END_OF_TABLE = 127;

/** What is behind a damaged structure is left out. */
export function parseSmbios(tables: Buffer): SmbiosStructure[] {
  const structures: SmbiosStructure[] = [];
  for (let at = 0; at + 4 <= tables.length && structures.length < MAX_STRUCTURES; ) {
    const [type, length] = [tables[at]!, tables[at + 1]!];
    if (type === END_OF_TABLE || length < 4 || at + length > tables.length) break;
    const { texts, end } = parseTexts(tables, at + length);
    structures.push(structureOf(type, tables.subarray(at, at + length), texts));
    at = end;
  }
  return structures;
}

/** Each text ends in a zero byte, and the last one in two. Without texts, there are two, too. */
function parseTexts(tables: Buffer, from: number): { texts: string[]; end: number } {
  const texts: string[] = [];
  let at = from;
  for (;;) {
    const end = tables.indexOf(0, at);
    if (end < 0) return { texts, end: tables.length };
    if (end === at) return { texts, end: texts.length === 0 ? at + 2 : at + 1 };
    texts.push(tables.toString("latin1", at, end).trim());
    at = end + 1;
  }
}

export function structuresOf(structures: readonly SmbiosStructure[], type: number): SmbiosStructure[] {
  return structures.filter((structure) => structure.type === type);
}

function structureOf(type: number, fields: Buffer, texts: readonly string[]): SmbiosStructure {
  const numberAt = (offset: number, bytes: number) =>
    offset + bytes <= fields.length ? fields.readUIntLE(offset, bytes) : undefined;
  return {
    type,
    byteAt: (offset) => numberAt(offset, 1),
    wordAt: (offset) => numberAt(offset, 2),
    dwordAt: (offset) => numberAt(offset, 4),
    textAt: (offset) => texts[(numberAt(offset, 1) ?? 0) - 1] || undefined,
  };
}

/** The UUID of the system, in which the first three parts are numbers in little-endian order (since 2.6). */
export function systemUuid(structures: readonly SmbiosStructure[]): string | undefined {
  const system = structuresOf(structures, 1)[0];
  const numbersIn = Array.from({ length: 16 }, (_, index) => system?.byteAt(8 + index));
  if (numbersIn.includes(undefined)) return undefined;
  const bytes = Buffer.from(numbersIn as number[]);
  const parts = [bytes.subarray(0, 4), bytes.subarray(4, 6), bytes.subarray(6, 8)];
  const numbers = parts.map((part) => Buffer.from(part).reverse().toString("hex"));
  return [...numbers, bytes.toString("hex", 8, 10), bytes.toString("hex", 10, 16)].join("-");
}
