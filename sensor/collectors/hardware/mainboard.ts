// Firmware, board, chassis and memory modules, as the firmware describes them. Only root may read the whole
// table. Other users see the files that the kernel makes of its first structures.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { partText } from "./part-text.ts";
import { MAX_STRUCTURES, parseSmbios, type SmbiosStructure } from "./smbios.ts";
import { CHASSIS_TYPES, MEMORY_FORMS, MEMORY_TYPES } from "./smbios-names.ts";

type Part = Item<"hardware">;

const TABLE = "/sys/firmware/dmi/tables/DMI";
const DMI = "/sys/class/dmi/id";
const EFI = "/sys/firmware/efi";
const MAX_TABLE_BYTES = 1024 * 1024;
const TYPES = { firmware: 0, board: 2, chassis: 3, memory: 17 };
/** The highest bit of the type says that the chassis has a lock. */
const CHASSIS_TYPE = 0x7f;

export function readMainboard(files: HostFiles): Part[] {
  if (!files.exists(DMI) && !files.exists(TABLE)) return [];
  const table = files.findBytes(TABLE, MAX_TABLE_BYTES);
  const structures = table === undefined ? [] : parseSmbios(table);
  if (structures.length >= MAX_STRUCTURES)
    files.noteGap({ kind: "limit", subject: TABLE, reason: `only ${MAX_STRUCTURES} structures are read` });
  return [
    readFirmware(
      files,
      structures.find(({ type }) => type === TYPES.firmware),
    ),
    readBoard(
      files,
      structures.find(({ type }) => type === TYPES.board),
    ),
    readChassis(
      files,
      structures.find(({ type }) => type === TYPES.chassis),
    ),
    ...memoryModules(structures),
  ];
}

function readFirmware(files: HostFiles, firmware: SmbiosStructure | undefined): Part {
  const line = (name: string, offset: number) =>
    files.findLine(`${DMI}/bios_${name}`) ?? firmware?.textAt(offset);
  const mode = files.exists(EFI) ? "uefi" : "bios";
  return {
    key: "firmware",
    kind: "firmware",
    vendor: partText(line("vendor", 4)),
    version: partText(line("version", 5)),
    releasedOn: parseReleaseDate(line("date", 8)),
    mode: files.isRunning ? mode : undefined,
  };
}

/** `04/01/2014`: month, day and year; `04/01/98` in old firmware. */
export function parseReleaseDate(text: string | undefined): string | undefined {
  const [, month, day, year = ""] = /^(\d{2})\/(\d{2})\/(\d{4}|\d{2})$/.exec(text?.trim() ?? "") ?? [];
  const date = `${year.length === 2 ? `19${year}` : year}-${month}-${day}`;
  return Number.isNaN(Date.parse(date)) ? undefined : date;
}

function readBoard(files: HostFiles, board: SmbiosStructure | undefined): Part {
  const text = (name: string, offset: number) =>
    partText(files.findLine(`${DMI}/board_${name}`)) ?? partText(board?.textAt(offset));
  return {
    key: "board",
    kind: "board",
    vendor: text("vendor", 4),
    model: text("name", 5),
    version: text("version", 6),
    serialNumber: partText(board?.textAt(7)),
    assetTag: text("asset_tag", 8),
  };
}

function readChassis(files: HostFiles, chassis: SmbiosStructure | undefined): Part {
  const text = (name: string, offset: number) =>
    partText(files.findLine(`${DMI}/chassis_${name}`)) ?? partText(chassis?.textAt(offset));
  const number = Number(files.findLine(`${DMI}/chassis_type`) ?? chassis?.byteAt(5) ?? 0);
  return {
    key: "chassis",
    kind: "chassis",
    type: CHASSIS_TYPES[number & CHASSIS_TYPE],
    vendor: text("vendor", 4),
    version: text("version", 6),
    serialNumber: partText(chassis?.textAt(7)),
    assetTag: text("asset_tag", 8),
  };
}

export function memoryModules(structures: readonly SmbiosStructure[]): Part[] {
  const names = new Set<string>();
  return structures
    .filter(({ type }) => type === TYPES.memory)
    .map((module, index) => {
      const bank = partText(module.textAt(17));
      const slot = partText(module.textAt(16)) ?? `slot ${index + 1}`;
      // Some firmware gives every slot of a bank the same name.
      const name = names.has(slot) ? [bank, slot, index + 1].filter(Boolean).join(" ") : slot;
      names.add(slot);
      const common = {
        key: factText(`memory-module:${name}`, 300),
        kind: "memory-module" as const,
        name: factText(name, 200),
        bank,
      };
      const sizeBytes = sizeOf(module);
      if (sizeBytes === 0) return { ...common, state: "empty" as const };
      return {
        ...common,
        state: "installed" as const,
        sizeBytes,
        type: MEMORY_TYPES[module.byteAt(18) ?? 0],
        formFactor: MEMORY_FORMS[module.byteAt(14) ?? 0],
        speedMtps: speedOf(module),
        vendor: partText(module.textAt(23)),
        partNumber: partText(module.textAt(26)),
        serialNumber: partText(module.textAt(24)),
      };
    });
}

/** Undefined: not known. In MiB, or in KiB with the highest bit, or in MiB in a larger field. */
function sizeOf(module: SmbiosStructure): number | undefined {
  const size = module.wordAt(12);
  if (size === undefined || size === 0xffff) return undefined;
  if (size === 0x7fff) {
    const extended = module.dwordAt(28);
    return extended === undefined ? undefined : (extended & 0x7fff_ffff) * 1024 * 1024;
  }
  return (size & 0x7fff) * ((size & 0x8000) === 0 ? 1024 * 1024 : 1024);
}

/** The speed at which it runs, else the one it is made for. */
function speedOf(module: SmbiosStructure): number | undefined {
  const known = (speed: number | undefined, extended: number) =>
    speed === 0xffff ? module.dwordAt(extended) : speed || undefined;
  return known(module.wordAt(32), 88) ?? known(module.wordAt(21), 84);
}
