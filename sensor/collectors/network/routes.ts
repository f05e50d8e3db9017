// The routes of the kernel's main table, with the default gateways. Omits what is no decision of the host:
// its own addresses, multicast, learned exceptions, and the routes to single containers.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { formatIpv6, parseProcAddress } from "../ip-address.ts";
import { isOfContainer } from "./interfaces.ts";

type Route = Extract<Item<"network">, { kind: "route" }>;

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ROUTES = 5_000;
/** linux/route.h and linux/ipv6_route.h. */
const FLAGS = { reject: 0x200, cached: 0x0100_0000, anycast: 0x0010_0000, local: 0x8000_0000 };
/** The routes that end a search without a result. They exist on every host. */
const NO_METRIC = 0xffff_ffff;

export function readRoutes(files: HostFiles): readonly Route[] {
  const routes = [
    ...parseIpv4Routes(findTable(files, "route") ?? ""),
    ...parseIpv6Routes(findTable(files, "ipv6_route") ?? ""),
  ].filter((route) => route.interface === undefined || !isOfContainer(route.interface));
  return firstOf(files, "routes", routes, MAX_ROUTES);
}

/** Of the host's network: `/proc/net` of a mounted host is that of this process. */
function findTable(files: HostFiles, name: string): string | undefined {
  return files.findText(`/proc/1/net/${name}`, MAX_BYTES) ?? files.findText(`/proc/net/${name}`, MAX_BYTES);
}

/** Parses /proc/net/route, whose addresses and flags are hexadecimal, and whose metric is decimal. */
export function parseIpv4Routes(text: string): Route[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", to = "", via = "", flags = "", , , metric = "", mask = ""] = line.split(/\s+/);
    const destination = parseProcAddress(to);
    const gateway = parseProcAddress(via);
    const prefix = prefixLength(mask);
    if (destination === undefined || gateway === undefined || prefix === undefined) return [];
    const isRejected = (Number.parseInt(flags, 16) & FLAGS.reject) !== 0;
    return route({
      destination: `${destination}/${prefix}`,
      gateway: gateway === "0.0.0.0" ? undefined : gateway,
      name: isRejected || name === "*" ? undefined : name,
      metric: Number.parseInt(metric, 10),
    });
  });
}

/** Parses /proc/net/ipv6_route, in which every number is hexadecimal. */
export function parseIpv6Routes(text: string): Route[] {
  return text.split("\n").flatMap((line) => {
    const [to = "", length = "", , , via = "", metricText = "", , , flagsText = "", name = ""] = line
      .trim()
      .split(/\s+/);
    const destination = ipv6Of(to);
    const gateway = ipv6Of(via);
    const prefix = Number.parseInt(length, 16);
    const flags = Number.parseInt(flagsText, 16);
    const metric = Number.parseInt(metricText, 16);
    if (destination === undefined || gateway === undefined || !(prefix <= 128) || !(flags >= 0)) return [];
    if (destination.startsWith("ff") || metric === NO_METRIC) return [];
    if (hasFlag(flags, FLAGS.cached) || hasFlag(flags, FLAGS.local) || hasFlag(flags, FLAGS.anycast))
      return [];
    return route({
      destination: `${destination}/${prefix}`,
      gateway: gateway === "::" ? undefined : gateway,
      name: hasFlag(flags, FLAGS.reject) ? undefined : name,
      metric,
    });
  });
}

function route(of: {
  destination: string;
  gateway: string | undefined;
  name: string | undefined;
  metric: number;
}): Route {
  const metric = of.metric > 0 ? of.metric : undefined;
  const key = [of.destination, of.gateway, of.name, metric].filter((part) => part !== undefined).join(" ");
  return {
    key: factText(`route:${key}`, 400),
    kind: "route",
    destination: of.destination,
    gateway: of.gateway,
    interface: of.name === undefined ? undefined : factText(of.name, 200),
    metric,
  };
}

/** Bit operations work on 32 bits with a sign, so that the highest flag would be negative. */
function hasFlag(flags: number, flag: number): boolean {
  return (flags & flag) >>> 0 === flag;
}

/** `00FFFFFF` → 24. The bytes are in the host's (little-endian) order. */
function prefixLength(mask: string): number | undefined {
  if (!/^[0-9A-F]{8}$/i.test(mask)) return undefined;
  const bits = [6, 4, 2, 0]
    .map((at) =>
      Number.parseInt(mask.slice(at, at + 2), 16)
        .toString(2)
        .padStart(8, "0"),
    )
    .join("");
  const length = bits.indexOf("0") < 0 ? 32 : bits.indexOf("0");
  return bits.lastIndexOf("1") < length ? length : undefined;
}

function ipv6Of(hex: string): string | undefined {
  if (!/^[0-9a-f]{32}$/i.test(hex)) return undefined;
  return formatIpv6(
    Array.from({ length: 16 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16)),
  );
}
