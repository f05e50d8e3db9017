// Names and details of hardware, for one line of a table.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { countOf, formatBytes } from "../../ui/numbers.ts";

type Part = Item<"hardware">;

export const PART_NAMES: Record<Part["kind"], string> = {
  firmware: "Firmware",
  board: "Board",
  chassis: "Chassis",
  processor: "Processor",
  "memory-module": "Memory module",
  disk: "Disk",
  raid: "RAID array",
  volume: "Logical volume",
  pci: "PCI device",
  usb: "USB device",
  battery: "Battery",
};

export function hardwareName(part: Part): string | undefined {
  switch (part.kind) {
    case "firmware":
      return part.version;
    case "board":
      return part.model;
    case "chassis":
      return part.type;
    case "processor":
      return part.model ?? part.name;
    case "pci":
    case "usb":
      return part.name ?? `${part.vendorId}:${part.deviceId}`;
    default:
      return part.name;
  }
}

/** `Samsung SSD 980 · 931 GiB · nvme`. Absent facts are left out. */
export function hardwareDetails(part: Part): string {
  return detailsOf(part)
    .filter((text) => text !== undefined && text !== "")
    .join(" · ");
}

function detailsOf(part: Part): (string | undefined)[] {
  switch (part.kind) {
    case "firmware":
      return [prefixed("released", part.releasedOn), part.mode?.toUpperCase()];
    case "board":
    case "chassis":
      return [prefixed("version", part.version), prefixed("asset tag", part.assetTag)];
    case "processor":
      return [
        part.name,
        part.maximumMhz === undefined ? undefined : `${part.maximumMhz} MHz`,
        prefixed("microcode", part.microcode),
        part.flags?.join(" "),
      ];
    case "memory-module":
      return part.state === "empty"
        ? ["Empty slot", part.bank]
        : [
            size(part.sizeBytes),
            part.type,
            part.formFactor,
            part.speedMtps === undefined ? undefined : `${part.speedMtps} MT/s`,
            part.partNumber,
            part.bank,
          ];
    case "disk":
      return [
        part.model,
        size(part.sizeBytes),
        part.bus,
        part.rotational === undefined ? undefined : part.rotational ? "rotational" : "solid state",
        part.removable ? "removable" : undefined,
        prefixed("firmware", part.firmware),
      ];
    case "raid":
      return [
        part.level,
        part.state,
        part.deviceCount === undefined
          ? undefined
          : `${part.workingCount ?? part.deviceCount} of ${countOf(part.deviceCount, "device")}`,
        part.devices?.join(", "),
      ];
    case "volume":
      return [size(part.sizeBytes)];
    case "pci":
      return [part.class, part.address, ids(part), prefixed("driver", part.driver)];
    case "usb":
      return [part.class, prefixed("port", part.address), ids(part)];
    case "battery":
      return [
        part.model,
        part.technology,
        part.designMwh === undefined ? undefined : `${Math.round(part.designMwh / 1000)} Wh`,
        part.healthPercent === undefined ? undefined : `${part.healthPercent}% of its capacity left`,
      ];
  }
}

function prefixed(word: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${word} ${text}`;
}

function size(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : formatBytes(bytes);
}

/** Left out where the name already is the ids. */
function ids({ name, vendorId, deviceId }: Extract<Part, { kind: "pci" | "usb" }>): string | undefined {
  return name === undefined ? undefined : `${vendorId}:${deviceId}`;
}
