// Disks, from the descriptor that the driver of a disk returns (STORAGE_DEVICE_DESCRIPTOR of winioctl.h).
import { isPlaceholderId, isPlaceholderText } from "@attacklens/protocol/hardware-placeholders.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";

type Disk = Extract<Item<"hardware">, { kind: "disk" }>;

/** STORAGE_BUS_TYPE. */
const BUSES: Record<number, string> = {
  1: "scsi",
  2: "atapi",
  3: "ata",
  6: "fibre-channel",
  7: "usb",
  8: "raid",
  9: "iscsi",
  10: "sas",
  11: "sata",
  12: "sd",
  13: "mmc",
  14: "virtual",
  15: "virtual",
  16: "storage-space",
  17: "nvme",
};
const DESCRIPTOR_BYTES = 32;

/** `seekPenalty`: whether the disk has to move heads; undefined: not known. */
export function diskItem(
  number: number,
  descriptor: Buffer,
  sizeBytes: number,
  seekPenalty: boolean | undefined,
): Disk {
  const has = descriptor.length >= DESCRIPTOR_BYTES;
  const text = (offset: number) => (has ? textAt(descriptor, descriptor.readUInt32LE(offset)) : undefined);
  const known = (value: string | undefined) =>
    value === undefined || isPlaceholderText(value) ? undefined : factText(value, 200);
  const serial = text(24);
  return {
    key: `disk:PhysicalDrive${number}`,
    kind: "disk",
    name: `PhysicalDrive${number}`,
    sizeBytes,
    vendor: known(text(12)),
    model: known(text(16)),
    firmware: known(text(20)),
    serialNumber:
      serial === undefined || isPlaceholderId("serial-number", serial) ? undefined : factText(serial, 200),
    bus: has ? BUSES[descriptor.readUInt32LE(28)] : undefined,
    removable: has ? descriptor[10] !== 0 : undefined,
    rotational: seekPenalty,
  };
}

/** The descriptor has offsets of its texts; 0: it has no such text. */
function textAt(descriptor: Buffer, offset: number): string | undefined {
  if (offset < DESCRIPTOR_BYTES || offset >= descriptor.length) return undefined;
  const end = descriptor.indexOf(0, offset);
  const text = descriptor.toString("latin1", offset, end < 0 ? descriptor.length : end).trim();
  return text || undefined;
}
