// How the host is connected.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { readNetworkInterfaces } from "../system/network.ts";

export function collectNetwork(files: HostFiles): Item<"network">[] {
  return [...readNetworkInterfaces(files)];
}
