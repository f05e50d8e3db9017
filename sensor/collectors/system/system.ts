// The machine. Contains only facts that change rarely: no free memory, no load, no free space.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { readCpu } from "./cpu.ts";
import { readHost } from "./host.ts";
import { readIdentifiers } from "./identifiers.ts";
import { readKernelModules } from "./kernel-modules.ts";
import { kernelParameters } from "./kernel-parameters.ts";
import { readKernels } from "./kernels.ts";
import { readMounts } from "./mounts.ts";
import { readOperatingSystem } from "./point-release.ts";
import { readVirtualization } from "./virtualization.ts";

type System = Item<"system">;

const MAX_PARAMETERS = 200;

export function collectSystem(files: HostFiles): System[] {
  return [
    readHost(files),
    readOs(files),
    readKernel(files),
    readCpu(files),
    readMemory(files),
    readIdentifiers(files),
    readVirtualization(files),
    ...readMounts(files),
    ...readKernels(files),
    ...readKernelModules(files),
  ];
}

export function readOs(files: HostFiles): Extract<System, { kind: "os" }> {
  const system = readOperatingSystem(files);
  return {
    key: "os",
    kind: "os",
    platform: "linux",
    name: factText(system.name, 200),
    version: factText(system.version, 200),
    id: optionalFact(system.id, 100),
    versionId: optionalFact(system.versionId, 100),
    pointRelease: optionalFact(system.pointRelease, 100),
    codename: optionalFact(system.codename, 100),
    buildId: optionalFact(system.buildId, 200),
  };
}

function readKernel(files: HostFiles): System {
  const commandLine = files.findText("/proc/cmdline", 64 * 1024);
  return {
    key: "kernel",
    kind: "kernel",
    release: factText(files.findLine("/proc/sys/kernel/osrelease") ?? "", 200),
    version: optionalFact(files.findLine("/proc/sys/kernel/version"), 500),
    parameters:
      commandLine === undefined
        ? undefined
        : [...firstOf(files, "kernel parameters", kernelParameters(commandLine), MAX_PARAMETERS)],
  };
}

function readMemory(files: HostFiles): System {
  return { key: "memory", kind: "memory", ...parseMeminfo(files.findText("/proc/meminfo") ?? "") };
}

/** Lines such as `MemTotal:  24684096 kB`, where kB means 1,024 bytes. */
export function parseMeminfo(text: string): { totalBytes: number; swapBytes: number } {
  const kib = (name: string) =>
    parseCount(new RegExp(`^${name}:\\s+(\\d{1,12}) kB$`, "m").exec(text)?.[1]) ?? 0;
  return { totalBytes: kib("MemTotal") * 1024, swapBytes: kib("SwapTotal") * 1024 };
}
