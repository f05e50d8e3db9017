// The loaded kernel modules.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_MODULES = 5_000;

/** Absent for a kernel without modules, and for an image. */
export function readKernelModules(files: HostFiles): Item<"system">[] {
  const text = files.findText("/proc/modules", MAX_BYTES);
  if (text === undefined) return [];
  const names = text
    .split("\n")
    .flatMap((line) => line.slice(0, line.indexOf(" ")) || [])
    .sort();
  return [
    {
      key: "kernel-modules",
      kind: "kernel-modules",
      names: firstOf(files, "kernel modules", names, MAX_MODULES).map((name) => factText(name, 100)),
    },
  ];
}
