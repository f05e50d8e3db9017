// How the host is connected: its interfaces, its routes and its DNS servers.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { HostFiles } from "../host-files.ts";
import { readNetworkInterfaces } from "./interfaces.ts";
import { readLink } from "./link.ts";
import { readResolver } from "./resolver.ts";
import { readRoutes } from "./routes.ts";

export function collectNetwork(files: HostFiles): Item<"network">[] {
  return [
    ...readNetworkInterfaces(files).map((each) => ({ ...each, ...readLink(files, each.name) })),
    ...readRoutes(files),
    ...readResolver(files),
  ];
}
