// The parts of the machine, as the firmware and the kernel describe them.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { readDisks } from "./disks.ts";

export function collectHardware(files: HostFiles): Item<"hardware">[] {
  return [...readDisks(files)];
}
