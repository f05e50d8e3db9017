// The parts of the machine that the tables of its firmware describe.
import { isPlaceholderId } from "@attacklens/protocol/hardware-placeholders.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { memoryModules, parseReleaseDate } from "../hardware/mainboard.ts";
import { partText } from "../hardware/part-text.ts";
import type { SmbiosStructure } from "../hardware/smbios.ts";
import { CHASSIS_TYPES } from "../hardware/smbios-names.ts";

type Part = Item<"hardware">;

const BIOS = 0;
const SYSTEM = 1;
const BOARD = 2;
const CHASSIS = 3;
const PROCESSOR = 4;
const IS_POPULATED = 0x40;
/** The highest bit of the type says that the chassis has a lock. */
const WITHOUT_LOCK = 0x7f;

export function smbiosParts(structures: readonly SmbiosStructure[]): Part[] {
  return [
    ...structuresOf(structures, BIOS).slice(0, 1).map(firmware),
    ...structuresOf(structures, BOARD).slice(0, 1).map(board),
    ...structuresOf(structures, CHASSIS).slice(0, 1).map(chassis),
    ...structuresOf(structures, PROCESSOR).flatMap(processor),
    ...memoryModules(structures),
  ].filter(hasFacts);
}

/** Some firmware has structures with placeholders only. */
function hasFacts(part: Part): boolean {
  return Object.entries(part).some(([name, value]) => !["key", "kind"].includes(name) && value !== undefined);
}

export interface ProcessorCounts {
  socketCount?: number;
  physicalCount?: number;
}

/** Sockets with a processor, and their cores. */
export function processorCounts(structures: readonly SmbiosStructure[]): ProcessorCounts {
  const processors = structuresOf(structures, PROCESSOR).filter(isPopulated);
  const cores = processors.map((one) => {
    const count = one.byteAt(0x23) ?? 0;
    // 255 and more are in a later field.
    return count === 0xff ? (one.wordAt(0x2a) ?? count) : count;
  });
  return {
    ...(processors.length > 0 ? { socketCount: processors.length } : {}),
    ...(cores.length > 0 && cores.every((count) => count > 0)
      ? { physicalCount: cores.reduce((sum, count) => sum + count, 0) }
      : {}),
  };
}

function firmware(bios: SmbiosStructure): Part {
  return {
    key: "firmware",
    kind: "firmware",
    vendor: partText(bios.textAt(4)),
    version: partText(bios.textAt(5)),
    releasedOn: parseReleaseDate(bios.textAt(8)),
  };
}

function board(one: SmbiosStructure): Part {
  return {
    key: "board",
    kind: "board",
    vendor: partText(one.textAt(4)),
    model: partText(one.textAt(5)),
    version: partText(one.textAt(6)),
    serialNumber: knownSerial(one.textAt(7)),
    assetTag: partText(one.textAt(8)),
  };
}

function chassis(one: SmbiosStructure): Part {
  return {
    key: "chassis",
    kind: "chassis",
    type: CHASSIS_TYPES[(one.byteAt(5) ?? 0) & WITHOUT_LOCK],
    vendor: partText(one.textAt(4)),
    version: partText(one.textAt(6)),
    serialNumber: knownSerial(one.textAt(7)),
    assetTag: partText(one.textAt(8)),
  };
}

function processor(one: SmbiosStructure, index: number): Part[] {
  if (!isPopulated(one)) return [];
  const name = factText(one.textAt(4) ?? `CPU ${index}`, 200);
  const maximumMhz = one.wordAt(0x14);
  return [
    {
      key: factText(`processor:${index}:${name}`, 300),
      kind: "processor",
      name,
      vendor: partText(one.textAt(7)),
      model: optionalFact(one.textAt(0x10)?.replace(/\s+/g, " "), 300),
      maximumMhz: maximumMhz || undefined,
    },
  ];
}

function isPopulated(one: SmbiosStructure): boolean {
  return ((one.byteAt(0x18) ?? 0) & IS_POPULATED) !== 0;
}

/** The structures of a type. */
export function structuresOf(structures: readonly SmbiosStructure[], type: number): SmbiosStructure[] {
  return structures.filter((structure) => structure.type === type);
}

/** The UUID of the system, in which the first three parts are numbers in little-endian order (since 2.6). */
export function systemUuid(structures: readonly SmbiosStructure[]): string | undefined {
  const system = structuresOf(structures, SYSTEM)[0];
  const found = Array.from({ length: 16 }, (_, index) => system?.byteAt(8 + index));
  if (found.includes(undefined)) return undefined;
  const bytes = Buffer.from(found as number[]);
  const parts = [bytes.subarray(0, 4), bytes.subarray(4, 6), bytes.subarray(6, 8)];
  const numbers = parts.map((part) => Buffer.from(part).reverse().toString("hex"));
  return [...numbers, bytes.toString("hex", 8, 10), bytes.toString("hex", 10, 16)].join("-");
}

function knownSerial(text: string | undefined): string | undefined {
  const serial = partText(text);
  return serial === undefined || isPlaceholderId("serial-number", serial) ? undefined : serial;
}
