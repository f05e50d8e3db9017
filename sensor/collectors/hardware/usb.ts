// USB devices, from /sys/bus/usb. The hubs of the host's own controllers are left out.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { partText } from "./part-text.ts";

type UsbDevice = Extract<Item<"hardware">, { kind: "usb" }>;

const DEVICES = "/sys/bus/usb/devices";
const MAX_DEVICES = 1_000;
/** A device is at a port, such as 1-2.4. Interfaces have a colon. */
const PORT = /^\d+-\d+(?:\.\d+)*$/;
/** Of a device, or of its first interface (USB Class Codes). */
const CLASSES: Record<string, string> = {
  "01": "Audio",
  "02": "Communications",
  "03": "Input device",
  "05": "Physical",
  "06": "Camera",
  "07": "Printer",
  "08": "Mass storage",
  "09": "Hub",
  "0a": "Communications",
  "0b": "Smart card reader",
  "0d": "Content security",
  "0e": "Video",
  "0f": "Healthcare",
  "10": "Audio and video",
  "11": "Billboard",
  dc: "Diagnostic",
  e0: "Wireless controller",
  ef: "Miscellaneous",
  fe: "Application specific",
  ff: "Vendor specific",
};

export function readUsbDevices(files: HostFiles): UsbDevice[] {
  const names = files.list(DEVICES).filter((name) => PORT.test(name));
  return firstOf(files, "USB devices", names, MAX_DEVICES).flatMap((name) => {
    const folder = `${DEVICES}/${name}`;
    const vendorId = files.findLine(`${folder}/idVendor`) ?? "";
    const deviceId = files.findLine(`${folder}/idProduct`) ?? "";
    if (!/^[0-9a-f]{4}$/.test(vendorId) || !/^[0-9a-f]{4}$/.test(deviceId)) return [];
    return {
      key: factText(`usb:${name}`, 300),
      kind: "usb" as const,
      address: factText(name, 100),
      class: classOf(files, folder, name),
      vendorId,
      deviceId,
      vendor: partText(files.findLine(`${folder}/manufacturer`)),
      name: partText(files.findLine(`${folder}/product`)),
      serialNumber: partText(files.findLine(`${folder}/serial`)),
    };
  });
}

/** A device of class 00 has one for each interface. */
function classOf(files: HostFiles, folder: string, name: string): string | undefined {
  const own = files.findLine(`${folder}/bDeviceClass`) ?? "";
  const first =
    own === "00" || own === "ef" ? files.findLine(`${folder}/${name}:1.0/bInterfaceClass`) : undefined;
  return CLASSES[first ?? own];
}
