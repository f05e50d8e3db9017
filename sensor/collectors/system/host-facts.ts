// The facts that the sensor sends when it enrolls: the host's name, and facts that may match it to an asset.

import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";

type System = Item<"system">;
type Network = Item<"network">;
const MAX_MACS = 64;
const MAX_ADDRESSES = 256;
/** Bridges and tunnels made by software, often with the same address on every host. */
const OF_SOFTWARE = /^(?:docker|br-|virbr|podman|vmnet|utun|awdl|llw|bridge|wg|tun|dummy|bond_slave)/;

/** Takes the facts from the items of the categories system and network. */
export function hostFactsOf(
  items: readonly System[],
  network: readonly Network[],
  files: HostFiles | undefined,
): HostFacts {
  const host = find(items, "host");
  const os = find(items, "os");
  const identifiers = find(items, "identifiers");
  const interfaces = physicalInterfaces(network, files);
  return {
    hostname: host?.hostname ?? "localhost",
    platform: os?.platform ?? "linux",
    architecture: find(items, "cpu")?.architecture === "arm64" ? "arm64" : "amd64",
    osName: os?.name ?? "",
    osVersion: os?.version ?? "",
    machineId: identifiers?.machineId,
    productUuid: identifiers?.productUuid,
    serialNumber: identifiers?.serialNumber,
    cloudInstanceId: identifiers?.cloudInstanceId,
    macs: distinct(interfaces.flatMap(({ mac }) => mac ?? [])).slice(0, MAX_MACS),
    addresses: distinct(
      interfaces.flatMap(({ addresses }) =>
        addresses.flatMap((address) => (isLinkLocal(address) ? [] : (address.split("/", 1)[0] ?? []))),
      ),
    ).slice(0, MAX_ADDRESSES),
  };
}

function physicalInterfaces(items: readonly Network[], files: HostFiles | undefined) {
  const interfaces = items.flatMap((item) =>
    item.kind === "interface" && !OF_SOFTWARE.test(item.name) ? item : [],
  );
  // In a container, no interface has a device, so all interfaces count.
  const withDevice = interfaces.filter(
    ({ name, type }) =>
      type === "physical" || type === "wireless" || files?.exists(`/sys/class/net/${name}/device`),
  );
  return withDevice.length > 0 ? withDevice : interfaces;
}

function find<K extends System["kind"]>(items: readonly System[], kind: K) {
  return items.find((item): item is Extract<System, { kind: K }> => item.kind === kind);
}

function isLinkLocal(address: string): boolean {
  return /^(?:fe[89ab]|169\.254\.)/i.test(address);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
