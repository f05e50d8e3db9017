// The disks of the running system, by DeviceIoControl. It opens a disk without the right to read it.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { openLibrary, wideText } from "../../windows-library.ts";
import { diskItem } from "./disks.ts";

const kernel = openLibrary("kernel32.dll", {
  CreateFileW: { args: ["ptr", "u32", "u32", "ptr", "u32", "u32", "u64"], returns: "u64" },
  DeviceIoControl: {
    args: ["u64", "u32", "ptr", "u32", "ptr", "u32", "ptr", "ptr"],
    returns: "i32",
  },
  CloseHandle: { args: ["u64"], returns: "i32" },
});

const INVALID_HANDLE = 0xffff_ffff_ffff_ffffn;
const NO_ACCESS = 0;
const SHARE_READ_WRITE = 3;
const OPEN_EXISTING = 3;
const STORAGE_QUERY_PROPERTY = 0x002d_1400;
const DISK_GET_DRIVE_GEOMETRY_EX = 0x0007_00a0;
const DEVICE_PROPERTY = 0;
const SEEK_PENALTY_PROPERTY = 7;
/** Numbers of disks that were removed stay free. */
const MAX_NUMBER = 64;

export function readDisks(): Item<"hardware">[] {
  return Array.from({ length: MAX_NUMBER }, (_, number) => readDisk(number)).flatMap((disk) => disk ?? []);
}

function readDisk(number: number): Item<"hardware"> | undefined {
  const path = wideText(`\\\\.\\PhysicalDrive${number}`);
  const disk = kernel().CreateFileW(path, NO_ACCESS, SHARE_READ_WRITE, null, OPEN_EXISTING, 0, 0n);
  if (disk === INVALID_HANDLE) return undefined;
  try {
    // DISK_GEOMETRY, then the size.
    const geometry = control(disk, DISK_GET_DRIVE_GEOMETRY_EX, Buffer.alloc(0), 256);
    if (geometry === undefined || geometry.length < 32) return undefined;
    const descriptor = control(disk, STORAGE_QUERY_PROPERTY, query(DEVICE_PROPERTY), 4_096);
    const penalty = control(disk, STORAGE_QUERY_PROPERTY, query(SEEK_PENALTY_PROPERTY), 12);
    return diskItem(
      number,
      descriptor ?? Buffer.alloc(0),
      Number(geometry.readBigUInt64LE(24)),
      penalty && penalty.length >= 9 ? penalty[8] !== 0 : undefined,
    );
  } finally {
    kernel().CloseHandle(disk);
  }
}

/** STORAGE_PROPERTY_QUERY: the property, and 0 for its value. */
function query(property: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(property, 0);
  return bytes;
}

/** Undefined if the driver does not support the request. */
function control(disk: bigint, code: number, input: Buffer, maxBytes: number): Buffer | undefined {
  const output = Buffer.alloc(maxBytes);
  const returned = new Uint32Array(1);
  const from = input.length === 0 ? null : input;
  const isDone = kernel().DeviceIoControl(disk, code, from, input.length, output, maxBytes, returned, null);
  return isDone === 0 ? undefined : output.subarray(0, returned[0]!);
}
