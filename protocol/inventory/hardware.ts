import { z } from "zod";
import { fact } from "../text.ts";
import { factDate } from "./fact-times.ts";

const text = fact(200);
/** Four hexadecimal digits, as in the lists of PCI and USB ids. */
const hardwareId = fact(4).regex(/^[0-9a-f]{4}$/, "must be four hexadecimal digits");
const bytes = z.int().min(0);

const firmware = z.strictObject({
  key: z.literal("firmware"),
  kind: z.literal("firmware"),
  vendor: text.optional(),
  version: text.optional(),
  releasedOn: factDate.optional(),
  mode: z.enum(["bios", "uefi"]).optional().meta({ description: "How the running system was started" }),
});

const board = z.strictObject({
  key: z.literal("board"),
  kind: z.literal("board"),
  vendor: text.optional(),
  model: text.optional(),
  version: text.optional(),
  serialNumber: text.optional(),
  assetTag: text.optional(),
});

const chassis = z.strictObject({
  key: z.literal("chassis"),
  kind: z.literal("chassis"),
  type: text.optional().meta({ example: "Rack mount", description: "As SMBIOS names it" }),
  vendor: text.optional(),
  version: text.optional(),
  serialNumber: text.optional(),
  assetTag: text.optional(),
});

const processor = z.strictObject({
  key: fact(300).startsWith("processor:"),
  kind: z.literal("processor"),
  name: text.meta({ example: "CPU0", description: "The socket" }),
  vendor: text.optional().meta({ example: "GenuineIntel" }),
  model: fact(300).optional(),
  family: z.int().min(0).optional(),
  modelNumber: z.int().min(0).optional(),
  stepping: z.int().min(0).optional(),
  microcode: text.optional().meta({ example: "0x2b000603", description: "The loaded version" }),
  maximumMhz: z.int().min(0).optional(),
  flags: z
    .array(fact(40))
    .max(100)
    .optional()
    .meta({ example: ["aes", "nx", "vmx"], description: "Those that matter to security, of a closed list" }),
});

const memoryModule = z.strictObject({
  key: fact(300).startsWith("memory-module:"),
  kind: z.literal("memory-module"),
  name: text.meta({ example: "DIMM_A1", description: "The slot" }),
  bank: text.optional(),
  state: z.enum(["installed", "empty"]),
  sizeBytes: bytes.optional(),
  type: text.optional().meta({ example: "DDR4" }),
  formFactor: text.optional().meta({ example: "DIMM" }),
  speedMtps: z.int().min(0).optional().meta({ description: "Million transfers a second" }),
  vendor: text.optional(),
  partNumber: text.optional(),
  serialNumber: text.optional(),
});

const disk = z.strictObject({
  key: fact(300).startsWith("disk:"),
  kind: z.literal("disk"),
  name: text.meta({ example: "nvme0n1" }),
  sizeBytes: bytes,
  vendor: text.optional(),
  model: text.optional(),
  serialNumber: text.optional(),
  firmware: text.optional(),
  bus: text.optional().meta({ example: "nvme", description: "nvme, sata, sas, usb, virtio, mmc, …" }),
  removable: z.boolean().optional(),
  rotational: z.boolean().optional(),
});

const raid = z.strictObject({
  key: fact(300).startsWith("raid:"),
  kind: z.literal("raid"),
  name: text.meta({ example: "md0" }),
  level: text.optional().meta({ example: "raid1" }),
  state: text.optional().meta({ example: "active" }),
  deviceCount: z.int().min(0).optional(),
  workingCount: z.int().min(0).optional().meta({ description: "Fewer than deviceCount: degraded" }),
  devices: z.array(text).max(1_000).optional(),
});

const volume = z.strictObject({
  key: fact(300).startsWith("volume:"),
  kind: z.literal("volume"),
  name: text.meta({ example: "vg0/root", description: "A logical volume" }),
  sizeBytes: bytes.optional(),
});

const pci = z.strictObject({
  key: fact(300).startsWith("pci:"),
  kind: z.literal("pci"),
  address: fact(100).meta({ example: "0000:00:1f.2" }),
  class: text.optional().meta({ example: "Ethernet controller" }),
  vendorId: hardwareId,
  deviceId: hardwareId,
  vendor: text.optional().meta({ description: "Absent when the host has no list of ids" }),
  name: text.optional(),
  driver: text.optional(),
});

const usb = z.strictObject({
  key: fact(300).startsWith("usb:"),
  kind: z.literal("usb"),
  address: fact(100).meta({ example: "1-2.4", description: "The port" }),
  class: text.optional().meta({ example: "Mass storage" }),
  vendorId: hardwareId,
  deviceId: hardwareId.meta({ description: "The product id" }),
  vendor: text.optional(),
  name: text.optional(),
  serialNumber: text.optional(),
});

const battery = z.strictObject({
  key: fact(300).startsWith("battery:"),
  kind: z.literal("battery"),
  name: text.meta({ example: "BAT0" }),
  vendor: text.optional(),
  model: text.optional(),
  serialNumber: text.optional(),
  technology: text.optional().meta({ example: "Li-ion" }),
  designMwh: z.int().min(0).optional().meta({ description: "Designed capacity in milliwatt hours" }),
  healthPercent: z
    .int()
    .min(0)
    .max(200)
    .optional()
    .meta({ description: "Capacity of the full battery compared with its design, rounded to 5" }),
});

/** A part of the machine. */
export const hardwareItem = z
  .discriminatedUnion("kind", [
    firmware,
    board,
    chassis,
    processor,
    memoryModule,
    disk,
    raid,
    volume,
    pci,
    usb,
    battery,
  ])
  .meta({ id: "HardwarePart" });
