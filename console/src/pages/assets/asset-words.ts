import type { AssetType, IdentifierType } from "@attacklens/protocol/assets.ts";

export const ASSET_TYPE_NAMES: Record<AssetType, string> = {
  server: "Server",
  "virtual-machine": "Virtual machine",
  "container-host": "Container host",
  laptop: "Laptop",
  desktop: "Desktop",
  endpoint: "Endpoint",
};

export const IDENTIFIER_NAMES: Record<IdentifierType, string> = {
  hostname: "Hostname",
  "machine-id": "Machine ID",
  "product-uuid": "Product UUID",
  "serial-number": "Serial number",
  "cloud-instance-id": "Cloud instance ID",
  "mac-address": "MAC address",
  "ip-address": "IP address",
};
