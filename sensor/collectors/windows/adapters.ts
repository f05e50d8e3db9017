// Network adapters as GetAdaptersAddresses returns them (iptypes.h, 64-bit): lists of structures in one
// buffer, linked by pointers into it.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { parseWideText } from "../../windows-library.ts";
import { factText, optionalFact } from "../collector.ts";
import { formatIpv6 } from "../ip-address.ts";
import { findNumber, findText, type Registry, valuesOf } from "./registry.ts";

type NetworkItem = Item<"network">;

export interface Adapter {
  /** `{…}`, its id in the registry. */
  id: string;
  name: string;
  /** IANA ifType. */
  type: number;
  isUp: boolean;
  mac: string | undefined;
  mtu: number | undefined;
  speedMbps: number | undefined;
  /** Of IPv4 and IPv6; undefined: automatic. */
  metrics: { ipv4: number | undefined; ipv6: number | undefined };
  /** With the length of the prefix. */
  addresses: string[];
  gateways: string[];
  dnsServers: string[];
  dnsSuffix: string | undefined;
}

const MAX_LIST = 1_000;
const AF_INET = 2;
const AF_INET6 = 23;
const UP = 1;
const UNKNOWN = 0xffff_ffff;
const UNKNOWN_SPEED = 0xffff_ffff_ffff_ffffn;
const LOOPBACK = 24;
const TYPES: Record<number, string> = { 23: "tunnel", 53: "virtual", 71: "wireless", 131: "tunnel" };
/** Adapters in the registry, with what they are. */
const ADAPTERS = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}";
const IS_PHYSICAL = 4;

/** `address`: of the buffer in memory, to which the pointers refer. */
export function parseAdapters(buffer: Buffer, address: bigint): Adapter[] {
  /** Undefined for a pointer out of the buffer. */
  function at(pointer: bigint, length: number): Buffer | undefined {
    const offset = pointer - address;
    if (offset < 0n || offset + BigInt(length) > BigInt(buffer.length)) return undefined;
    return buffer.subarray(Number(offset));
  }

  function list(first: bigint, length: number): Buffer[] {
    const found: Buffer[] = [];
    for (
      let next = at(first, length);
      next && found.length < MAX_LIST;
      next = at(next.readBigUInt64LE(8), length)
    )
      found.push(next);
    return found;
  }

  function wideText(pointer: bigint): string {
    const bytes = at(pointer, 2);
    return bytes === undefined ? "" : parseWideText(bytes.subarray(0, 1_024));
  }

  function socketAddress(entry: Buffer): string | undefined {
    const bytes = at(entry.readBigUInt64LE(16), 8);
    const family = bytes?.readUInt16LE(0);
    if (family === AF_INET) return [...bytes!.subarray(4, 8)].join(".");
    return family === AF_INET6 && bytes!.length >= 24 ? formatIpv6([...bytes!.subarray(8, 24)]) : undefined;
  }

  const addressesIn = (first: bigint) => list(first, 32).flatMap((entry) => socketAddress(entry) ?? []);

  return list(address, 232).map((adapter) => {
    const id = at(adapter.readBigUInt64LE(16), 1);
    const mtu = adapter.readUInt32LE(96);
    const speed = adapter.readBigUInt64LE(184);
    return {
      id: id?.toString("latin1", 0, Math.max(0, id.indexOf(0))) ?? "",
      name: wideText(adapter.readBigUInt64LE(72)),
      type: adapter.readUInt32LE(100),
      isUp: adapter.readUInt32LE(104) === UP,
      mac: formatMac(adapter.subarray(80, 80 + Math.min(adapter.readUInt32LE(88), 8))),
      mtu: mtu === 0 || mtu === UNKNOWN ? undefined : mtu,
      speedMbps: speed === 0n || speed === UNKNOWN_SPEED ? undefined : Number(speed / 1_000_000n),
      metrics: { ipv4: metricAt(adapter, 216), ipv6: metricAt(adapter, 220) },
      addresses: list(adapter.readBigUInt64LE(24), 57).flatMap((entry) => {
        const text = socketAddress(entry);
        return text === undefined ? [] : `${text}/${entry[56]}`;
      }),
      gateways: addressesIn(adapter.readBigUInt64LE(208)),
      dnsServers: addressesIn(adapter.readBigUInt64LE(48)),
      dnsSuffix: wideText(adapter.readBigUInt64LE(56)) || undefined,
    };
  });
}

/** Each connected or configured adapter, its gateways as default routes, and its DNS servers. */
export function adapterItems(adapters: readonly Adapter[], registry: Registry): NetworkItem[] {
  const physical = listPhysicalAdapters(registry);
  return adapters
    .filter(({ type }) => type !== LOOPBACK)
    .flatMap((adapter): NetworkItem[] => {
      const name = factText(adapter.name || adapter.id, 200);
      const isPhysical = physical.has(adapter.id.toLowerCase());
      const routes = adapter.gateways.map((gateway): NetworkItem => {
        const isVersion6 = gateway.includes(":");
        const destination = isVersion6 ? "::/0" : "0.0.0.0/0";
        const metric = isVersion6 ? adapter.metrics.ipv6 : adapter.metrics.ipv4;
        const key = factText(`route:${destination} via ${gateway} dev ${name}`, 400);
        return { key, kind: "route", destination, gateway, interface: name, metric };
      });
      const hasResolver = adapter.isUp && adapter.dnsServers.length > 0;
      return [
        {
          key: factText(`interface:${name}`, 300),
          kind: "interface",
          name,
          type: TYPES[adapter.type] ?? (isPhysical ? "physical" : undefined),
          mac: adapter.mac,
          addresses: adapter.addresses.map((address) => factText(address, 60)).sort(),
          up: adapter.isUp,
          mtu: adapter.mtu,
          speedMbps: adapter.isUp ? adapter.speedMbps : undefined,
        },
        ...routes,
        ...(hasResolver
          ? [
              {
                key: factText(`resolver:${name}`, 300),
                kind: "resolver" as const,
                interface: name,
                servers: [...adapter.dnsServers],
                search: [],
                domain: optionalFact(adapter.dnsSuffix, 253),
              },
            ]
          : []),
      ];
    });
}

/** Ids in lower case. The others are software, e.g. of a hypervisor. */
function listPhysicalAdapters(registry: Registry): Set<string> {
  return new Set(
    registry.listKeys(ADAPTERS).flatMap((key) => {
      const values = valuesOf(registry, `${ADAPTERS}\\${key}`);
      const isPhysical = ((findNumber(values, "Characteristics") ?? 0) & IS_PHYSICAL) !== 0;
      return isPhysical ? (findText(values, "NetCfgInstanceId")?.toLowerCase() ?? []) : [];
    }),
  );
}

function metricAt(adapter: Buffer, offset: number): number | undefined {
  const metric = adapter.readUInt32LE(offset);
  return metric === UNKNOWN ? undefined : metric;
}

function formatMac(bytes: Buffer): string | undefined {
  const isSet = bytes.some((byte) => byte !== 0);
  return isSet ? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":") : undefined;
}
