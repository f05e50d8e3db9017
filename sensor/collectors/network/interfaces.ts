// Network interfaces with their addresses. Omits the links of containers, which exist only while the
// containers run, and the loopback interface, unless it has addresses that others can reach.
import { networkInterfaces } from "node:os";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { formatIpv6 } from "../ip-address.ts";

type NetworkInterface = Extract<Item<"network">, { kind: "interface" }>;

const NET = "/sys/class/net";
const OF_CONTAINERS = /^(?:veth|cali|lxc(?!br)|cni|flannel|tap|vnet)/;
const LOOPBACK = "lo";
const MAX_INTERFACES = 1_000;
const MAX_ADDRESSES = 1_000;
const FLAG_UP = 1;

/** Whether an interface is the end of a container's or a virtual machine's link. */
export function isOfContainer(name: string): boolean {
  return OF_CONTAINERS.test(name);
}

export function readNetworkInterfaces(files: HostFiles): NetworkInterface[] {
  const names = files.list(NET).filter((name) => files.exists(`${NET}/${name}/flags`));
  const addresses = files.sharesNetwork ? liveAddresses(names) : parseIfInet6(findIfInet6(files) ?? "");
  const ownMacs = readMacsOfBonds(files);
  const own = names.filter((name) => !isOfContainer(name));
  return firstOf(files, "interfaces", own, MAX_INTERFACES).flatMap((name) => {
    const mac = ownMacs.get(name) ?? files.findLine(`${NET}/${name}/address`)?.toLowerCase();
    const reachable = (addresses.get(name) ?? []).filter(
      (address) => name !== LOOPBACK || !isLoopback(address),
    );
    if (name === LOOPBACK && reachable.length === 0) return [];
    return {
      key: factText(`interface:${name}`, 300),
      kind: "interface" as const,
      name: factText(name, 90),
      mac: mac && !/^[0:]+$/.test(mac) ? factText(mac, 60) : undefined,
      addresses: firstOf(files, `addresses of ${name}`, reachable, MAX_ADDRESSES).map((address) =>
        factText(address, 60),
      ),
      up: isUp(files, name),
    };
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address.startsWith("::1/");
}

/**
 * The cards of a bond have its address while they belong to it. Their own ones are in the kernel's
 * description of the bond.
 */
function readMacsOfBonds(files: HostFiles): Map<string, string> {
  const macs = new Map<string, string>();
  for (const bond of files.list("/proc/net/bonding")) {
    let name: string | undefined;
    for (const line of (files.findText(`/proc/net/bonding/${bond}`) ?? "").split("\n")) {
      name = /^Slave Interface: (\S+)/.exec(line)?.[1] ?? name;
      const mac = /^Permanent HW addr: ([0-9a-f:]{17,59})$/i.exec(line)?.[1];
      if (name !== undefined && mac !== undefined) macs.set(name, mac.toLowerCase());
    }
  }
  return macs;
}

/** Interfaces without a carrier signal, such as tunnels, are in the state `unknown` while they are up. */
function isUp(files: HostFiles, name: string): boolean {
  const state = files.findLine(`${NET}/${name}/operstate`);
  const flags = Number(files.findLine(`${NET}/${name}/flags`));
  return state === "up" || (state === "unknown" && (flags & FLAG_UP) !== 0);
}

/** Of the host's network: `/proc/net` of a mounted host is that of this process. */
function findIfInet6(files: HostFiles): string | undefined {
  return files.findText("/proc/1/net/if_inet6") ?? files.findText("/proc/net/if_inet6");
}

/** Addresses with their prefix length, by interface. */
function liveAddresses(names: readonly string[]): Map<string, string[]> {
  return addressesByInterface(networkInterfaces(), names);
}

/**
 * The runtime lists an address with a label, such as a virtual IP on `eth0:1`, under the label. It belongs to
 * the interface whose name begins the label.
 */
export function addressesByInterface(
  listed: Record<string, { address: string; cidr: string | null }[] | undefined>,
  names: readonly string[],
): Map<string, string[]> {
  const known = new Set(names);
  const addresses = new Map<string, string[]>();
  for (const [label, all = []] of Object.entries(listed)) {
    const name = known.has(label) ? label : ownerOf(label, names);
    const list = addresses.get(name) ?? [];
    addresses.set(name, list);
    for (const { cidr, address } of all) list.push(cidr ?? address);
  }
  for (const list of addresses.values()) list.sort();
  return addresses;
}

/** A label usually is the name, a colon and more text. Other labels that begin with the name are possible. */
function ownerOf(label: string, names: readonly string[]): string {
  const before = label.slice(0, Math.max(0, label.lastIndexOf(":")));
  if (names.includes(before)) return before;
  const starts = names.filter((name) => label.startsWith(name));
  return starts.sort((left, right) => right.length - left.length)[0] ?? label;
}

/**
 * Parses /proc/net/if_inet6: address, index, prefix length, scope, flags and name. Numbers are hexadecimal.
 */
export function parseIfInet6(text: string): Map<string, string[]> {
  const addresses = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [hex = "", , prefix = "", , , name] = line.trim().split(/\s+/);
    if (name === undefined || !/^[0-9a-f]{32}$/i.test(hex)) continue;
    const bytes = Array.from({ length: 16 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));
    const known = addresses.get(name) ?? [];
    known.push(`${formatIpv6(bytes)}/${Number.parseInt(prefix, 16)}`);
    addresses.set(name, known);
  }
  for (const list of addresses.values()) list.sort();
  return addresses;
}
