// Network interfaces with their addresses. Omits loopback and the links of containers, which exist only while
// the containers run.
import { networkInterfaces } from "node:os";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { formatIpv6 } from "../ip-address.ts";

type NetworkInterface = Extract<Item<"network">, { kind: "interface" }>;

const NET = "/sys/class/net";
const OF_CONTAINERS = /^(?:veth|cali|lxc|cni|flannel|tap|vnet)/;
const MAX_INTERFACES = 1_000;
const MAX_ADDRESSES = 1_000;
const FLAG_UP = 1;

export function readNetworkInterfaces(files: HostFiles): NetworkInterface[] {
  const addresses = files.sharesNetwork ? liveAddresses() : parseIfInet6(findIfInet6(files) ?? "");
  return files
    .list(NET)
    .filter((name) => name !== "lo" && !OF_CONTAINERS.test(name) && files.exists(`${NET}/${name}/flags`))
    .slice(0, MAX_INTERFACES)
    .map((name) => {
      const mac = files.findLine(`${NET}/${name}/address`)?.toLowerCase();
      return {
        key: factText(`interface:${name}`, 300),
        kind: "interface",
        name: factText(name, 90),
        mac: mac && !/^[0:]+$/.test(mac) ? factText(mac, 60) : undefined,
        addresses: (addresses.get(name) ?? [])
          .slice(0, MAX_ADDRESSES)
          .map((address) => factText(address, 60)),
        up: isUp(files, name),
      };
    });
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
function liveAddresses(): Map<string, string[]> {
  return new Map(
    Object.entries(networkInterfaces()).map(([name, all]) => [
      name,
      (all ?? []).map(({ cidr, address }) => cidr ?? address).sort(),
    ]),
  );
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
    addresses.set(name, [...known, `${formatIpv6(bytes)}/${Number.parseInt(prefix, 16)}`].sort());
  }
  return addresses;
}
