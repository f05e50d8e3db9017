// The parts of a Mac, from one report of system_profiler.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { partText } from "../hardware/part-text.ts";
import { memoryBytes, type ProfilerItem, parseProfilerReport, profilerText } from "./system-profiler.ts";

type Part = Item<"hardware">;

export const HARDWARE_TYPES = [
  "SPHardwareDataType",
  "SPMemoryDataType",
  "SPNVMeDataType",
  "SPSerialATADataType",
  "SPPowerDataType",
];
const DISK_TYPES = { SPNVMeDataType: "nvme", SPSerialATADataType: "sata" };

export function hardwareParts(report: string): Part[] {
  return [
    ...parseProfilerReport(report, "SPHardwareDataType").slice(0, 1).map(firmware),
    ...memoryModules(parseProfilerReport(report, "SPMemoryDataType")),
    ...Object.entries(DISK_TYPES).flatMap(([type, bus]) =>
      parseProfilerReport(report, type).flatMap((item) => disk(item, bus) ?? []),
    ),
    ...batteries(parseProfilerReport(report, "SPPowerDataType")),
  ];
}

function firmware(item: ProfilerItem): Part {
  return {
    key: "firmware",
    kind: "firmware",
    vendor: "Apple Inc.",
    version: partText(profilerText(item, "boot_rom_version")),
  };
}

/** With Apple silicon, the memory is one part without a slot, and the size is the value of the type. */
function memoryModules(items: readonly ProfilerItem[]): Part[] {
  return items.flatMap((item, index): Part[] => {
    const type = profilerText(item, "dimm_type");
    if (type === undefined) return [];
    const name = partText(profilerText(item, "_name")) ?? `memory ${index}`;
    const isEmpty = type === "empty" || profilerText(item, "dimm_status") === "empty";
    const key = factText(`memory-module:${name}`, 300);
    if (isEmpty) return [{ key, kind: "memory-module", name, state: "empty" }];
    const speed = /^(\d{2,6}) M(?:Hz|T\/s)$/.exec(profilerText(item, "dimm_speed") ?? "")?.[1];
    return [
      {
        key,
        kind: "memory-module",
        name,
        state: "installed",
        sizeBytes: memoryBytes(profilerText(item, "dimm_size") ?? profilerText(item, "SPMemoryDataType")),
        type: partText(type),
        speedMtps: speed === undefined ? undefined : Number(speed),
        vendor: partText(profilerText(item, "dimm_manufacturer")),
        partNumber: partText(profilerText(item, "dimm_part_number")),
        serialNumber: partText(profilerText(item, "dimm_serial_number")),
      },
    ];
  });
}

/** Controllers and volumes have no model of a device. */
function disk(item: ProfilerItem, bus: string): Part | undefined {
  const name = profilerText(item, "bsd_name");
  const size = item.size_in_bytes;
  const model = profilerText(item, "device_model") ?? profilerText(item, "spsata_model");
  if (name === undefined || model === undefined || typeof size !== "number" || !Number.isSafeInteger(size))
    return undefined;
  const medium = profilerText(item, "spsata_medium_type");
  return {
    key: factText(`disk:${name}`, 300),
    kind: "disk",
    name: factText(name, 200),
    sizeBytes: Math.max(0, size),
    model: partText(model),
    serialNumber: partText(profilerText(item, "device_serial")),
    firmware: partText(profilerText(item, "device_revision")),
    bus,
    removable: { yes: true, no: false }[profilerText(item, "removable_media") ?? ""],
    rotational: bus === "nvme" ? false : { Rotational: true, "Solid State": false }[medium ?? ""],
  };
}

function batteries(items: readonly ProfilerItem[]): Part[] {
  return items.flatMap((item): Part[] => {
    const model = item.sppower_battery_model_info;
    const health = item.sppower_battery_health_info;
    if (typeof model !== "object" || model === null) return [];
    const capacity = profilerText((health ?? {}) as ProfilerItem, "sppower_battery_health_maximum_capacity");
    const percent = /^(\d{1,3})%$/.exec(capacity ?? "")?.[1];
    return [
      {
        key: "battery:internal",
        kind: "battery",
        name: "internal",
        model: partText(profilerText(model as ProfilerItem, "sppower_battery_device_name")),
        serialNumber: partText(profilerText(model as ProfilerItem, "sppower_battery_serial_number")),
        healthPercent:
          percent === undefined || Number(percent) > 200 ? undefined : Math.round(Number(percent) / 5) * 5,
      },
    ];
  });
}
