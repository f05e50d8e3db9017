// What the running system says about itself: its start, its memory and its disks.
import { hostname } from "node:os";
import { openLibrary, parseWideText, wideText } from "../../windows-library.ts";
import { readJoin } from "./live-accounts.ts";
import { parseFileTime } from "./registry.ts";
import type { LiveHost } from "./system.ts";

const ntdll = openLibrary("ntdll.dll", {
  NtQuerySystemInformation: { args: ["u32", "ptr", "u32", "ptr"], returns: "u32" },
});
const kernel = openLibrary("kernel32.dll", {
  GlobalMemoryStatusEx: { args: ["ptr"], returns: "i32" },
  GetActiveProcessorCount: { args: ["u32"], returns: "u32" },
  GetLogicalDrives: { args: [], returns: "u32" },
  GetDriveTypeW: { args: ["ptr"], returns: "u32" },
  GetVolumeInformationW: {
    args: ["ptr", "ptr", "u32", "ptr", "ptr", "ptr", "ptr", "u32"],
    returns: "i32",
  },
  GetDiskFreeSpaceExW: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  GetSystemFirmwareTable: { args: ["u32", "u32", "ptr", "u32"], returns: "u32" },
});

const TIME_OF_DAY = 3;
const ALL_GROUPS = 0xffff;
const DRIVE_REMOVABLE = 2;
const DRIVE_FIXED = 3;
const RSMB = 0x5253_4d42;
const MAX_TABLE_BYTES = 1024 * 1024;

export function readLiveHost(): LiveHost {
  return {
    hostname: hostname(),
    bootedAt: readBootTime(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    join: readJoin(),
  };
}

/** SYSTEM_TIMEOFDAY_INFORMATION starts with the time of the last start, which stays the same. */
function readBootTime(): string | undefined {
  const times = Buffer.alloc(48);
  const status = ntdll().NtQuerySystemInformation(TIME_OF_DAY, times, times.length, new Uint32Array(1));
  return status === 0 ? parseFileTime(times.readBigUInt64LE(0)) : undefined;
}

/** Of all processor groups. */
export function countProcessors(): number {
  return kernel().GetActiveProcessorCount(ALL_GROUPS);
}

/** The page files are what memory and page files have together, without the memory. */
export function readMemory(): { totalBytes: number; swapBytes: number } | undefined {
  const status = Buffer.alloc(64);
  status.writeUInt32LE(status.length, 0);
  if (kernel().GlobalMemoryStatusEx(status) === 0) return undefined;
  const [total, withPages] = [status.readBigUInt64LE(8), status.readBigUInt64LE(24)];
  return { totalBytes: Number(total), swapBytes: Number(withPages > total ? withPages - total : 0n) };
}

export interface Volume {
  /** E.g. `C:\`. */
  path: string;
  fileSystem: string;
  sizeBytes: number | undefined;
  availableBytes: number | undefined;
}

/** Local disks with a letter. A disk of the network may not reply. */
export function listVolumes(): Volume[] {
  const letters = kernel().GetLogicalDrives();
  return Array.from({ length: 26 }, (_, index) => index).flatMap((index) => {
    const path = `${String.fromCharCode(65 + index)}:\\`;
    if (((letters >>> index) & 1) === 0) return [];
    const kind = kernel().GetDriveTypeW(wideText(path));
    return kind === DRIVE_FIXED || kind === DRIVE_REMOVABLE ? (readVolume(path) ?? []) : [];
  });
}

/** Undefined for a drive without a disk. */
function readVolume(path: string): Volume | undefined {
  const name = Buffer.alloc(64 * 2);
  const found = kernel().GetVolumeInformationW(wideText(path), null, 0, null, null, null, name, 64);
  if (found === 0) return undefined;
  const [available, total] = [new BigUint64Array(1), new BigUint64Array(1)];
  const isSized = kernel().GetDiskFreeSpaceExW(wideText(path), available, total, null) !== 0;
  return {
    path,
    fileSystem: parseWideText(name),
    sizeBytes: isSized ? Number(total[0]) : undefined,
    availableBytes: isSized ? Number(available[0]) : undefined,
  };
}

/** RawSMBIOSData: eight bytes, then the tables of the firmware. Undefined if there are none. */
export function readFirmwareTables(): Buffer | undefined {
  const length = kernel().GetSystemFirmwareTable(RSMB, 0, null, 0);
  if (length < 8 || length > MAX_TABLE_BYTES) return undefined;
  const tables = Buffer.alloc(length);
  const read = kernel().GetSystemFirmwareTable(RSMB, 0, tables, length);
  return read === length ? tables.subarray(8) : undefined;
}
