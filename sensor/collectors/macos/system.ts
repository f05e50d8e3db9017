// The machine and its macOS.
import * as os from "node:os";
import { type HardwareKind, isPlaceholderId } from "@attacklens/protocol/hardware-placeholders.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import { partText } from "../hardware/part-text.ts";
import type { HostFiles } from "../host-files.ts";
import { readTimeZone } from "../system/host.ts";
import { SYSTEM_VERSION } from "./macos-disk.ts";
import { readPlist } from "./macos-host.ts";
import { asDict, textIn } from "./plist-value.ts";

type System = Item<"system">;

export const SYSCTL = {
  path: "/usr/sbin/sysctl",
  args: [
    ...["kern.boottime", "kern.version", "kern.hv_vmm_present", "hw.physicalcpu", "hw.packages"],
    ...["hw.logicalcpu", "machdep.cpu.brand_string"],
  ],
};
export const IOREG = { path: "/usr/sbin/ioreg", args: ["-rd1", "-c", "IOPlatformExpertDevice"] };

const ARCHITECTURES: Record<string, string> = { x64: "amd64" };
const NETWORK_SETTINGS = "/Library/Preferences/SystemConfiguration/preferences.plist";
/** Starts of the model of virtual machines, with the names of systemd-detect-virt(1). */
const HYPERVISORS: [string, string][] = [
  ["VirtualMac", "apple"],
  ["VMware", "vmware"],
  ["Parallels", "parallels"],
];

export function readOs(files: HostFiles): Extract<System, { kind: "os" }> {
  const plist = readPlist(files, SYSTEM_VERSION);
  const version = textIn(plist, "ProductVersion");
  const extra = textIn(plist, "ProductVersionExtra");
  return {
    key: "os",
    kind: "os",
    platform: "darwin",
    name: factText(textIn(plist, "ProductName") ?? "macOS", 200),
    version: factText([version, extra].filter(Boolean).join(" "), 200),
    id: "macos",
    versionId: optionalFact(version, 100),
    buildId: optionalFact(textIn(plist, "ProductBuildVersion"), 200),
  };
}

export function readHost(files: HostFiles, sysctl: ReadonlyMap<string, string>): System {
  return {
    key: "host",
    kind: "host",
    hostname: factText((files.isLive ? os.hostname() : savedHostname(files)) || "localhost", 253),
    bootedAt: parseBootTime(sysctl.get("kern.boottime")),
    timeZone: optionalFact(readTimeZone(files), 100),
  };
}

function savedHostname(files: HostFiles): string | undefined {
  const settings = readPlist(files, NETWORK_SETTINGS);
  const system = asDict(asDict(settings?.get("System"))?.get("System"));
  const names = asDict(asDict(asDict(settings?.get("System"))?.get("Network"))?.get("HostNames"));
  return textIn(system, "HostName") ?? textIn(names, "LocalHostName") ?? textIn(system, "ComputerName");
}

export function readKernel(files: HostFiles, sysctl: ReadonlyMap<string, string>): System[] {
  if (!files.isLive) return [];
  const version = optionalFact(sysctl.get("kern.version"), 500);
  return [{ key: "kernel", kind: "kernel", release: factText(os.release(), 200), version }];
}

/** A disk does not say which processor its machine has. */
export function readCpu(files: HostFiles, sysctl: ReadonlyMap<string, string>): System[] {
  if (!files.isLive) return [];
  const cpus = os.cpus();
  return [
    {
      key: "cpu",
      kind: "cpu",
      model: factText(sysctl.get("machdep.cpu.brand_string") ?? cpus[0]?.model.trim() ?? "", 300),
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      logicalCount: parseCount(sysctl.get("hw.logicalcpu")) ?? cpus.length,
      physicalCount: parseCount(sysctl.get("hw.physicalcpu")),
      socketCount: parseCount(sysctl.get("hw.packages")),
    },
  ];
}

export function readMemory(files: HostFiles): System[] {
  // macOS makes and removes files for swapping all the time.
  return files.isLive ? [{ key: "memory", kind: "memory", totalBytes: os.totalmem(), swapBytes: 0 }] : [];
}

/** The lines `name: value`. A name that the kernel does not know is missing. */
export function parseSysctl(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([a-z][\w.]{0,80}): (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value.trim());
  }
  return values;
}

/** `{ sec = 1700000000, usec = 0 } Tue Nov 14 22:13:20 2023`. */
export function parseBootTime(text: string | undefined): string | undefined {
  const seconds = parseCount(/\bsec = (\d{1,12})\b/.exec(text ?? "")?.[1]);
  return seconds === undefined || seconds === 0
    ? undefined
    : new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Properties of the platform: `"IOPlatformUUID" = "…"`, `"model" = <"MacBookPro18,3">`. */
export function parseIoreg(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^[\s|]*"([\w-]{1,60})" = <?"([^"]*)">?$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !values.has(name)) values.set(name, value);
  }
  return values;
}

export function readIdentifiers(platform: ReadonlyMap<string, string>): System {
  const id = (kind: HardwareKind, value: string | undefined) =>
    value === undefined || isPlaceholderId(kind, value) ? undefined : value;
  return {
    key: "identifiers",
    kind: "identifiers",
    productUuid: optionalFact(id("product-uuid", platform.get("IOPlatformUUID")?.toLowerCase()), 100),
    serialNumber: optionalFact(id("serial-number", platform.get("IOPlatformSerialNumber")), 200),
    vendor: partText(platform.get("manufacturer")),
    model: partText(platform.get("model")),
  };
}

/** Absent if macOS does not say. */
export function readVirtualization(
  platform: ReadonlyMap<string, string>,
  sysctl: ReadonlyMap<string, string>,
): System[] {
  const isGuest = sysctl.get("kern.hv_vmm_present");
  if (isGuest !== "0" && isGuest !== "1") return [];
  const model = platform.get("model") ?? "";
  const known = HYPERVISORS.find(([start]) => model.startsWith(start))?.[1];
  return [
    {
      key: "virtualization",
      kind: "virtualization",
      type: isGuest === "1" ? (known ?? "vm-other") : "none",
    },
  ];
}
