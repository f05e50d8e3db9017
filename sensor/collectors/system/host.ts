// The name of the host, its start time and its time zone.
import { hostname as liveHostname } from "node:os";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

const MAX_NAME = 253;

export function readHost(files: HostFiles): Item<"system"> {
  const hostname = readHostname(files);
  return {
    key: "host",
    kind: "host",
    hostname: factText(hostname, MAX_NAME),
    fqdn: optionalFact(findFqdn(files.findText("/etc/hosts") ?? "", hostname), MAX_NAME),
    bootedAt: readBootTime(files),
    timeZone: optionalFact(readTimeZone(files), 100),
  };
}

/** The kernel's hostname; for a captured tree without it, the hostname after the next start. */
export function readHostname(files: HostFiles): string {
  return (files.isLive ? liveHostname() : findHostname(files)) || "localhost";
}

function findHostname(files: HostFiles): string | undefined {
  const [kernel, saved] = [files.findLine("/proc/sys/kernel/hostname"), files.findLine("/etc/hostname")];
  // The kernel shows each container its own name. One with the host's network has the host's name, too.
  return files.isRunning && !files.sharesNetwork ? (saved ?? kernel) : (kernel ?? saved);
}

/** The host's full name in hosts(5), without DNS requests. */
export function findFqdn(hosts: string, hostname: string): string | undefined {
  const short = hostname.split(".", 1)[0];
  if (hostname.includes(".")) return hostname;
  for (const line of hosts.split("\n")) {
    const [, ...names] = (line.split("#", 1)[0] ?? "").trim().split(/\s+/);
    if (!names.includes(hostname)) continue;
    const full = names.find((name) => name.startsWith(`${short}.`));
    if (full) return full;
  }
  return undefined;
}

/**
 * The kernel computes the start time from its clock, so a corrected clock changes it by a second. A value
 * that is this close to the previous one is the same start, and the previous value is kept.
 */
const SAME_START_SECONDS = 10;
let lastBootSeconds: number | undefined;

function readBootTime(files: HostFiles): string | undefined {
  let seconds = parseCount(/^btime (\d+)$/m.exec(files.findText("/proc/stat", 16 * 1024 * 1024) ?? "")?.[1]);
  if (seconds === undefined || seconds > 8_640_000_000_000) return undefined;
  if (files.isLive) {
    if (lastBootSeconds !== undefined && Math.abs(seconds - lastBootSeconds) <= SAME_START_SECONDS)
      seconds = lastBootSeconds;
    lastBootSeconds = seconds;
  }
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}

export function readTimeZone(files: HostFiles): string | undefined {
  const link = files.findLink("/etc/localtime");
  const marker = "/zoneinfo/";
  const at = link?.indexOf(marker) ?? -1;
  return link !== undefined && at >= 0 ? link.slice(at + marker.length) : files.findLine("/etc/timezone");
}
