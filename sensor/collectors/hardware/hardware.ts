// The parts of the machine, as the firmware and the kernel describe them.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readBatteries } from "./batteries.ts";
import { readDisks } from "./disks.ts";
import { readMainboard } from "./mainboard.ts";
import { readPciDevices } from "./pci.ts";
import { readProcessors } from "./processors.ts";
import { readUsbDevices } from "./usb.ts";
import { readRaid, readVolumes } from "./volumes.ts";

export function collectHardware(files: HostFiles): Item<"hardware">[] {
  const parts = [
    ...readMainboard(files),
    ...readProcessors(files),
    ...readDisks(files),
    ...readRaid(files),
    ...readVolumes(files),
    ...readPciDevices(files),
    ...readUsbDevices(files),
    ...readBatteries(files),
  ];
  // An image of a host has files, and no devices.
  if (parts.length === 0 && files.listGaps().length === 0)
    throw new NotOnThisHost("no devices in /sys and /proc");
  return parts;
}
