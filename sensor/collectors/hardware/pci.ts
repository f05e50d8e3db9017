// PCI devices, from /sys/bus/pci, with the names in the list of ids that distributions install.
import { basename } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

type PciDevice = Extract<Item<"hardware">, { kind: "pci" }>;

const DEVICES = "/sys/bus/pci/devices";
const NAMES = ["/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"];
const MAX_NAMES_BYTES = 8 * 1024 * 1024;
const MAX_DEVICES = 2_000;
const NEW_LINE = 0x0a;
/** Base class and subclass (PCI Code and ID Assignment Specification). The base class alone has the rest. */
const CLASSES: Record<string, string> = {
  "01": "Storage controller",
  "0100": "SCSI controller",
  "0101": "IDE controller",
  "0104": "RAID controller",
  "0106": "SATA controller",
  "0107": "SAS controller",
  "0108": "NVMe controller",
  "02": "Network controller",
  "0200": "Ethernet controller",
  "0207": "InfiniBand controller",
  "0280": "Network controller",
  "03": "Display controller",
  "0300": "VGA controller",
  "0302": "3D controller",
  "04": "Multimedia controller",
  "0401": "Audio device",
  "0403": "Audio device",
  "05": "Memory controller",
  "06": "Bridge",
  "0600": "Host bridge",
  "0601": "ISA bridge",
  "0604": "PCI bridge",
  "07": "Communication controller",
  "0700": "Serial controller",
  "08": "System peripheral",
  "09": "Input device",
  "0b": "Processor",
  "0c": "Serial bus controller",
  "0c00": "FireWire controller",
  "0c03": "USB controller",
  "0c05": "SMBus",
  "0d": "Wireless controller",
  "0d11": "Bluetooth",
  "0d80": "Wireless controller",
  "10": "Encryption controller",
  "11": "Signal processing controller",
  "12": "Processing accelerator",
};

export function readPciDevices(files: HostFiles): PciDevice[] {
  const addresses = files.list(DEVICES);
  // A network card can have hundreds of virtual functions, which are given to virtual machines.
  const physical = addresses.filter((address) => !files.exists(`${DEVICES}/${address}/physfn`));
  const devices = firstOf(files, "PCI devices", physical, MAX_DEVICES).flatMap((address): PciDevice[] => {
    const folder = `${DEVICES}/${address}`;
    const vendorId = idOf(files.findLine(`${folder}/vendor`));
    const deviceId = idOf(files.findLine(`${folder}/device`));
    if (vendorId === undefined || deviceId === undefined) return [];
    const code = /^0x([0-9a-f]{4})/.exec(files.findLine(`${folder}/class`) ?? "")?.[1] ?? "";
    return [
      {
        key: factText(`pci:${address}`, 300),
        kind: "pci",
        address: factText(address, 100),
        class: CLASSES[code] ?? CLASSES[code.slice(0, 2)],
        vendorId,
        deviceId,
        driver: optionalFact(basename(files.findLink(`${folder}/driver`) ?? ""), 200),
      },
    ];
  });
  const names = devices.length > 0 ? findNames(files) : undefined;
  if (names === undefined) return devices;
  return devices.map((device) => ({ ...device, ...namesOf(names, device.vendorId, device.deviceId) }));
}

function idOf(text: string | undefined): string | undefined {
  return /^0x([0-9a-f]{4})$/.exec(text ?? "")?.[1];
}

function findNames(files: HostFiles): Buffer | undefined {
  const path = NAMES.find((each) => files.exists(each));
  const bytes = path === undefined ? undefined : files.findBytes(path, MAX_NAMES_BYTES);
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A line `8086  Intel Corporation`, and below it `\t100e  82540EM Gigabit Ethernet Controller`. The list has
 * more than a megabyte, so that only the lines in use are decoded.
 */
export function namesOf(
  list: Buffer,
  vendorId: string,
  deviceId: string,
): { vendor?: string; name?: string } {
  const start = startOfLine(list, `${vendorId}  `);
  if (start === undefined) return {};
  const vendor = optionalFact(lineAt(list, start + 6), 200);
  for (let at = list.indexOf(NEW_LINE, start) + 1; at > 0 && isBelow(list[at]); ) {
    if (list.toString("latin1", at, at + 7) === `\t${deviceId}  `) {
      const name = optionalFact(lineAt(list, at + 7), 200);
      return { ...(vendor ? { vendor } : {}), ...(name ? { name } : {}) };
    }
    at = list.indexOf(NEW_LINE, at) + 1;
  }
  return vendor ? { vendor } : {};
}

function startOfLine(list: Buffer, text: string): number | undefined {
  if (list.toString("latin1", 0, text.length) === text) return 0;
  const at = list.indexOf(`\n${text}`, 0, "latin1");
  return at < 0 ? undefined : at + 1;
}

/** A line of a device, or a comment. */
function isBelow(first: number | undefined): boolean {
  return first === 0x09 || first === 0x23;
}

function lineAt(list: Buffer, start: number): string {
  const end = list.indexOf(NEW_LINE, start);
  return list.toString("utf8", start, end < 0 ? start + 300 : Math.min(end, start + 300));
}
