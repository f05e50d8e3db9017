// The physical disks, from /sys/block. What is not there is in the records of udev, for example the serial
// number of a SATA disk.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, parseCount } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { partText } from "./part-text.ts";

type Disk = Extract<Item<"hardware">, { kind: "disk" }>;

const BLOCK = "/sys/block";
/** The kernel reports sizes in units of 512 bytes, regardless of the disk's sector size. */
export const SECTOR_BYTES = 512;
/** Devices made by software (device mapper, RAID, loop, memory), and drives with removable media. */
const NO_DISK = /^(?:dm-|md|loop|ram|zram|nbd|rbd|sr|fd|drbd|zd)\d/;
/** The hidden parts of an eMMC, and the paths of a multipath NVMe disk. */
const PART_OF_DISK = /^(?:mmcblk\d+(?:boot|rpmb)|nvme\d+c\d+n)\d*/;
const MAX_DISKS = 5_000;
/** Of the path of the device, most special first. */
const BUSES: [part: RegExp, bus: string][] = [
  [/\/usb\d/, "usb"],
  [/\/nvme/, "nvme"],
  [/\/ata\d/, "sata"],
  [/\/virtio\d/, "virtio"],
  [/\/mmc/, "mmc"],
  [/\/(?:end_device|sas_|expander)/, "sas"],
  [/\/vbd-/, "xen"],
  [/\/VMBUS/i, "hyper-v"],
  [/\/session\d/, "iscsi"],
  [/\/host\d/, "scsi"],
];

export function readDisks(files: HostFiles): Disk[] {
  const names = files.list(BLOCK).filter((name) => !NO_DISK.test(name) && !PART_OF_DISK.test(name));
  return firstOf(files, "disks", names, MAX_DISKS).flatMap((name) => {
    const path = `${BLOCK}/${name}`;
    const sectors = parseCount(files.findLine(`${path}/size`)) ?? 0;
    if (sectors === 0 || !Number.isSafeInteger(sectors * SECTOR_BYTES)) return [];
    return {
      key: factText(`disk:${name}`, 300),
      kind: "disk" as const,
      name: factText(name, 200),
      sizeBytes: sectors * SECTOR_BYTES,
      ...describe(files, path),
      removable: flag(files.findLine(`${path}/removable`)),
      rotational: flag(files.findLine(`${path}/queue/rotational`)),
    };
  });
}

function describe(
  files: HostFiles,
  path: string,
): Pick<Disk, "vendor" | "model" | "serialNumber" | "firmware" | "bus"> {
  const udev = readUdev(files, files.findLine(`${path}/dev`));
  const first = (...texts: (string | undefined)[]) => {
    for (const text of texts) if (partText(text) !== undefined) return partText(text);
    return undefined;
  };
  const vendor = first(files.findLine(`${path}/device/vendor`));
  const place = files.findRealPath(path) ?? "";
  return {
    // The kernel names the bus of SATA disks as their vendor, and PCI devices have a number.
    vendor: vendor === "ATA" || vendor?.startsWith("0x") ? undefined : vendor,
    model: first(
      files.findLine(`${path}/device/model`),
      files.findLine(`${path}/device/name`),
      udev.get("ID_MODEL"),
    ),
    serialNumber: first(
      files.findLine(`${path}/serial`),
      files.findLine(`${path}/device/serial`),
      udev.get("ID_SERIAL_SHORT"),
      udev.get("ID_SCSI_SERIAL"),
    ),
    firmware: first(
      files.findLine(`${path}/device/firmware_rev`),
      files.findLine(`${path}/device/rev`),
      files.findLine(`${path}/device/fwrev`),
      udev.get("ID_REVISION"),
    ),
    bus: BUSES.find(([part]) => part.test(place))?.[1],
  };
}

/** Lines such as `E:ID_SERIAL_SHORT=S3Z8NB0K`. */
function readUdev(files: HostFiles, number: string | undefined): Map<string, string> {
  const text =
    number === undefined || !/^\d+:\d+$/.test(number) ? "" : files.findText(`/run/udev/data/b${number}`);
  const values = new Map<string, string>();
  for (const line of (text ?? "").split("\n")) {
    const equals = line.indexOf("=");
    if (line.startsWith("E:ID_") && equals > 0) values.set(line.slice(2, equals), line.slice(equals + 1));
  }
  return values;
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === "1";
}
