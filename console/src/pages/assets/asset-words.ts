import type { Asset, AssetType, IdentifierType } from "@attacklens/protocol/assets.ts";

export const ASSET_TYPE_NAMES: Record<AssetType, string> = {
  server: "Server",
  "virtual-machine": "Virtual machine",
  "container-host": "Container host",
  laptop: "Laptop",
  desktop: "Desktop",
  endpoint: "Endpoint",
};

/** The type that a user has set; null: it comes from the reports. */
export function chosenType({ type, typeSource }: Pick<Asset, "type" | "typeSource">): AssetType | null {
  return typeSource === "user" ? type : null;
}

/** `asset group “Finance”`. */
export function groupWords(name: string | null): string {
  return name === null ? "no asset group" : `asset group “${name}”`;
}

export const IDENTIFIER_NAMES: Record<IdentifierType, string> = {
  hostname: "Hostname",
  "machine-id": "Machine ID",
  "product-uuid": "Product UUID",
  "serial-number": "Serial number",
  "cloud-instance-id": "Cloud instance ID",
  "mac-address": "MAC address",
  "ip-address": "IP address",
};
