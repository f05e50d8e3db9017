// The parts of the machine that the firmware describes, as items of the hardware category.
import { isPlaceholderId, isPlaceholderText } from "@attacklens/protocol/hardware-placeholders.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { type SmbiosStructure, structuresOf } from "./firmware-tables.ts";

type Part = Item<"hardware">;

const BIOS = 0;
const BOARD = 2;
const CHASSIS = 3;
const PROCESSOR = 4;
const MEMORY_DEVICE = 17;
const IS_POPULATED = 0x40;
const MIB = 1024 * 1024;

/** DSP0134 7.4.1. */
const CHASSIS_TYPES = [
  ...["", "Other", "Unknown", "Desktop", "Low profile desktop", "Pizza box", "Mini tower", "Tower"],
  ...["Portable", "Laptop", "Notebook", "Hand held", "Docking station", "All in one", "Sub notebook"],
  ...["Space-saving", "Lunch box", "Main server chassis", "Expansion chassis", "Sub chassis"],
  ...["Bus expansion chassis", "Peripheral chassis", "RAID chassis", "Rack mount chassis"],
  ...["Sealed-case PC", "Multi-system chassis", "Compact PCI", "Advanced TCA", "Blade", "Blade enclosure"],
  ...["Tablet", "Convertible", "Detachable", "IoT gateway", "Embedded PC", "Mini PC", "Stick PC"],
];
/** DSP0134 7.18.1 and 7.18.2. */
const FORM_FACTORS: Record<number, string> = {
  3: "SIMM",
  5: "Chip",
  9: "DIMM",
  11: "Row of chips",
  12: "RIMM",
  13: "SODIMM",
  15: "FB-DIMM",
  16: "Die",
};
const MEMORY_TYPES: Record<number, string> = {
  15: "SDRAM",
  18: "DDR",
  19: "DDR2",
  20: "DDR2 FB-DIMM",
  24: "DDR3",
  26: "DDR4",
  27: "LPDDR",
  28: "LPDDR2",
  29: "LPDDR3",
  30: "LPDDR4",
  32: "HBM",
  33: "HBM2",
  34: "DDR5",
  35: "LPDDR5",
};

export function smbiosParts(structures: readonly SmbiosStructure[]): Part[] {
  return [
    ...structuresOf(structures, BIOS).slice(0, 1).map(firmware),
    ...structuresOf(structures, BOARD).slice(0, 1).map(board),
    ...structuresOf(structures, CHASSIS).slice(0, 1).map(chassis),
    ...structuresOf(structures, PROCESSOR).flatMap(processor),
    ...structuresOf(structures, MEMORY_DEVICE).map(memoryModule),
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
    vendor: known(bios.textAt(4)),
    version: known(bios.textAt(5)),
    releasedOn: parseBiosDate(bios.textAt(8)),
  };
}

function board(one: SmbiosStructure): Part {
  return {
    key: "board",
    kind: "board",
    vendor: known(one.textAt(4)),
    model: known(one.textAt(5)),
    version: known(one.textAt(6)),
    serialNumber: knownSerial(one.textAt(7)),
    assetTag: known(one.textAt(8)),
  };
}

function chassis(one: SmbiosStructure): Part {
  const type = CHASSIS_TYPES[(one.byteAt(5) ?? 0) & 0x7f];
  return {
    key: "chassis",
    kind: "chassis",
    type: type === "Other" || type === "Unknown" ? undefined : type || undefined,
    vendor: known(one.textAt(4)),
    version: known(one.textAt(6)),
    serialNumber: knownSerial(one.textAt(7)),
    assetTag: known(one.textAt(8)),
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
      vendor: known(one.textAt(7)),
      model: optionalFact(one.textAt(0x10)?.replace(/\s+/g, " "), 300),
      maximumMhz: maximumMhz || undefined,
    },
  ];
}

function isPopulated(one: SmbiosStructure): boolean {
  return ((one.byteAt(0x18) ?? 0) & IS_POPULATED) !== 0;
}

function memoryModule(one: SmbiosStructure, index: number): Part {
  const name = factText(one.textAt(0x10) ?? `slot ${index}`, 200);
  const sizeBytes = memorySize(one);
  const speed = one.wordAt(0x15);
  return {
    key: factText(`memory-module:${index}:${name}`, 300),
    kind: "memory-module",
    name,
    bank: known(one.textAt(0x11)),
    state: sizeBytes === 0 ? "empty" : "installed",
    sizeBytes: sizeBytes || undefined,
    type: MEMORY_TYPES[one.byteAt(0x12) ?? 0],
    formFactor: FORM_FACTORS[one.byteAt(0xe) ?? 0],
    speedMtps: speed === 0 || speed === 0xffff ? undefined : speed,
    vendor: known(one.textAt(0x17)),
    serialNumber: knownSerial(one.textAt(0x18)),
    partNumber: known(one.textAt(0x1a)),
  };
}

/** 0: no module in the slot; undefined: the firmware does not say. */
function memorySize(one: SmbiosStructure): number | undefined {
  const size = one.wordAt(0xc);
  if (size === undefined || size === 0xffff) return undefined;
  if (size === 0x7fff) return ((one.dwordAt(0x1c) ?? 0) & 0x7fff_ffff) * MIB || undefined;
  return (size & 0x8000) === 0 ? size * MIB : (size & 0x7fff) * 1024;
}

/** `10/03/2023`; the year may have two digits. */
export function parseBiosDate(text: string | undefined): string | undefined {
  const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d\d|\d{4})$/.exec(text?.trim() ?? "") ?? [];
  if (year === undefined) return undefined;
  const date = new Date(
    Date.UTC(Number(year) + (year.length === 2 ? 1900 : 0), Number(month) - 1, Number(day)),
  );
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
    ? date.toISOString().slice(0, 10)
    : undefined;
}

function known(text: string | undefined): string | undefined {
  return text === undefined || isPlaceholderText(text) ? undefined : factText(text, 200);
}

function knownSerial(text: string | undefined): string | undefined {
  return text === undefined || isPlaceholderId("serial-number", text) ? undefined : factText(text, 200);
}
