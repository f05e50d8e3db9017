// RAID arrays of the kernel, from /proc/mdstat, and logical volumes of LVM, from the device mapper.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { SECTOR_BYTES } from "./disks.ts";

type Raid = Extract<Item<"hardware">, { kind: "raid" }>;
type Volume = Extract<Item<"hardware">, { kind: "volume" }>;

const MAX_ARRAYS = 1_000;
const MAX_VOLUMES = 10_000;
const MAX_DEVICES = 1_000;

export function readRaid(files: HostFiles): Raid[] {
  const arrays = parseMdstat(files.findText("/proc/mdstat") ?? "");
  return firstOf(files, "RAID arrays", arrays, MAX_ARRAYS).map(({ devices = [], ...array }) => ({
    ...array,
    devices: [...firstOf(files, `devices of ${array.name}`, devices, MAX_DEVICES)],
  }));
}

/**
 * `md0 : active raid1 sdb1[1] sda1[0](F)`, and in the line below `[2/1] [U_]`: devices that it should have
 * and has.
 */
export function parseMdstat(text: string): Raid[] {
  const arrays: Raid[] = [];
  for (const line of text.split("\n")) {
    const [name = "", colon, state = "", ...words] = line.trim().split(/\s+/);
    if (colon === ":" && /^md\w/.test(name)) {
      const others = words.filter((word) => !word.startsWith("("));
      const level = others[0]?.includes("[") ? undefined : others[0];
      const devices = others.flatMap((word) => /^([^[\]]+)\[\d+\]/.exec(word)?.[1] ?? []);
      arrays.push({
        key: factText(`raid:${name}`, 300),
        kind: "raid",
        name: factText(name, 200),
        level: optionalFact(level, 200),
        state: optionalFact(state, 200),
        devices: devices.sort().map((device) => factText(device, 200)),
      });
    }
    const [, wanted, working] = /\s\[(\d{1,6})\/(\d{1,6})\]/.exec(line) ?? [];
    const last = arrays.at(-1);
    if (wanted === undefined || working === undefined || last?.deviceCount !== undefined) continue;
    if (last) Object.assign(last, { deviceCount: Number(wanted), workingCount: Number(working) });
  }
  return arrays;
}

export function readVolumes(files: HostFiles): Volume[] {
  const devices = files.list("/sys/block").filter((device) => device.startsWith("dm-"));
  return firstOf(files, "volumes", devices, MAX_VOLUMES).flatMap((device) => {
    const path = `/sys/block/${device}`;
    const name = files.findLine(`${path}/dm/name`);
    // Hidden parts of a volume have a suffix in their id.
    if (name === undefined || !/^LVM-\w+$/.test(files.findLine(`${path}/dm/uuid`) ?? "")) return [];
    const sectors = parseCount(files.findLine(`${path}/size`));
    const shown = volumeName(name);
    return {
      key: factText(`volume:${shown}`, 300),
      kind: "volume" as const,
      name: factText(shown, 200),
      sizeBytes:
        sectors !== undefined && Number.isSafeInteger(sectors * SECTOR_BYTES)
          ? sectors * SECTOR_BYTES
          : undefined,
    };
  });
}

/** `vg--data-lv` → `vg-data/lv`: a hyphen in a name is doubled. */
export function volumeName(mapped: string): string {
  return mapped.replaceAll("--", "\0").replace("-", "/").replaceAll("\0", "-");
}
