// The physical disks, from /sys/block.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const BLOCK = "/sys/block";
/** The kernel reports sizes in units of 512 bytes, regardless of the disk's sector size. */
const SECTOR_BYTES = 512;
/** Devices made by software (device mapper, RAID, loop, memory), and drives with removable media. */
const NO_DISK = /^(?:dm-|md|loop|ram|zram|nbd|sr|fd|drbd)\d/;
const MAX_DISKS = 5_000;

export function readDisks(files: HostFiles): Item<"hardware">[] {
  return files
    .list(BLOCK)
    .filter((name) => !NO_DISK.test(name))
    .slice(0, MAX_DISKS)
    .flatMap((name) => {
      const path = `${BLOCK}/${name}`;
      const sectors = parseCount(files.findLine(`${path}/size`)) ?? 0;
      if (sectors === 0 || !Number.isSafeInteger(sectors * SECTOR_BYTES)) return [];
      return {
        key: factText(`disk:${name}`, 300),
        kind: "disk" as const,
        name: factText(name, 200),
        sizeBytes: sectors * SECTOR_BYTES,
        model: optionalFact(files.findLine(`${path}/device/model`), 200),
        serialNumber: optionalFact(
          files.findLine(`${path}/serial`) ?? files.findLine(`${path}/device/serial`),
          200,
        ),
        removable: flag(files.findLine(`${path}/removable`)),
        rotational: flag(files.findLine(`${path}/queue/rotational`)),
      };
    });
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === "1";
}
