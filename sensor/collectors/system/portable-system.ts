// Facts from the runtime, on any platform: all facts of a platform without its own collectors.
import * as os from "node:os";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";

const ARCHITECTURES: Record<string, string> = { x64: "amd64" };

export function collectPortableSystem(): Item<"system">[] {
  const cpus = os.cpus();
  return [
    { key: "host", kind: "host", hostname: factText(os.hostname() || "localhost", 253) },
    {
      key: "os",
      kind: "os",
      platform: process.platform === "win32" ? "windows" : process.platform === "darwin" ? "darwin" : "linux",
      name: factText(os.type(), 200),
      version: factText(os.version(), 200),
    },
    { key: "kernel", kind: "kernel", release: factText(os.release(), 200) },
    {
      key: "cpu",
      kind: "cpu",
      model: factText(cpus[0]?.model.trim() ?? "", 300),
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      logicalCount: cpus.length,
    },
    { key: "memory", kind: "memory", totalBytes: os.totalmem(), swapBytes: 0 },
  ];
}

export function collectPortableNetwork(): Item<"network">[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, addresses = []]) => {
    const outside = addresses.filter(({ internal }) => !internal);
    if (outside.length === 0) return [];
    return {
      key: factText(`interface:${name}`, 300),
      kind: "interface" as const,
      name: factText(name, 90),
      mac: outside.find(({ mac }) => !/^[0:]+$/.test(mac))?.mac,
      addresses: outside.map(({ cidr, address }) => factText(cidr ?? address, 60)).sort(),
      up: true,
    };
  });
}
