// The processors, from /proc/cpuinfo. Its fields depend on the architecture.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const MAX_CPUINFO_BYTES = 16 * 1024 * 1024;
/** Names of the kernel and of Node, and the names that distributions use. */
const ARCHITECTURES: Record<string, string> = { x86_64: "amd64", x64: "amd64", aarch64: "arm64" };

export function readCpu(files: HostFiles): Item<"system"> {
  const text = files.findText("/proc/cpuinfo", MAX_CPUINFO_BYTES) ?? "";
  return { key: "cpu", kind: "cpu", ...parseCpuinfo(text), architecture: readArchitecture(files, text) };
}

export function readArchitecture(
  files: HostFiles,
  cpuinfo = files.findText("/proc/cpuinfo", MAX_CPUINFO_BYTES),
): string {
  const name = files.isLive
    ? process.arch
    : (files.findLine("/proc/sys/kernel/arch") ?? guess(cpuinfo ?? ""));
  return factText(ARCHITECTURES[name] ?? name, 40);
}

/** The architecture of a captured tree that does not contain the kernel's value. */
function guess(cpuinfo: string): string {
  return /^CPU implementer/m.test(cpuinfo) ? "arm64" : "amd64";
}

export function parseCpuinfo(text: string): {
  model: string;
  logicalCount: number;
  physicalCount?: number;
  socketCount?: number;
} {
  const cores = new Set<string>();
  const sockets = new Set<string>();
  let logicalCount = 0;
  let model = "";
  for (const block of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
    // On some ARM boards, the last block describes the board.
    if (!fields.has("processor")) continue;
    logicalCount += 1;
    model ||= fields.get("model name") ?? armModel(fields);
    const socket = fields.get("physical id");
    const core = fields.get("core id");
    if (socket !== undefined) sockets.add(socket);
    if (socket !== undefined && core !== undefined) cores.add(`${socket}/${core}`);
  }
  return {
    model: factText(model, 300),
    logicalCount,
    physicalCount: cores.size || undefined,
    socketCount: sockets.size || undefined,
  };
}

/** 64-bit ARM has only numbers. The sensor does not contain the vendors' tables of their names. */
function armModel(fields: ReadonlyMap<string, string>): string {
  const implementer = fields.get("CPU implementer");
  const part = fields.get("CPU part");
  return implementer && part ? `ARM implementer ${implementer} part ${part}` : "";
}
