// The type of an asset, from what the sensor reports about its host: chassis, virtualization and system.
import type { AssetType } from "@attacklens/protocol/assets.ts";

/** Each report replaces the facts that it contains. */
export interface TypeFacts {
  platform?: "linux" | "windows" | "darwin";
  osName?: string;
  /** As systemd-detect-virt(1) names it; `none`: bare metal. */
  virtualization?: string;
  /** As SMBIOS names it. */
  chassis?: string;
  /** Of the machine: `PowerEdge T350`, `MacBookPro18,3`. */
  model?: string;
}

const LAPTOPS = new Set([
  ...["Portable", "Laptop", "Notebook", "Sub notebook", "Hand held"],
  ...["Tablet", "Convertible", "Detachable"],
]);
const DESKTOPS = new Set([
  ...["Desktop", "Low profile desktop", "Mini tower", "Tower", "All in one", "Space-saving"],
  ...["Lunch box", "Sealed-case PC", "Mini PC", "Stick PC"],
]);
const SERVERS = new Set([
  ...["Main server chassis", "Rack mount", "Multi-system chassis", "Blade", "Blade enclosure"],
  ...["RAID chassis", "CompactPCI", "AdvancedTCA", "Pizza box"],
]);
/** The sensor runs in a container of the host that it reports. */
const CONTAINERS = new Set(["docker", "podman", "rkt", "containerd", "kubernetes", "container-other"]);
/** Servers in a tower, whose firmware names the chassis like that of a desktop. */
const SERVER_MODELS = /\b(PowerEdge|ProLiant|ThinkSystem|System x|PRIMERGY|Supermicro Server|UCS[BCS])/i;
/** Systems that are made for servers. `Ubuntu` is on both, so the chassis decides. */
const SERVER_SYSTEMS =
  /\bServer\b|Proxmox|ESXi|Hyper-V|Amazon Linux|Photon|CoreOS|Bottlerocket|Flatcar|Talos/i;

export function deriveAssetType(facts: TypeFacts): AssetType {
  const { virtualization = "none", chassis, model = "", osName = "", platform } = facts;
  if (CONTAINERS.has(virtualization)) return "container-host";
  // `wsl` is a system on a workstation, beside its own.
  if (virtualization === "wsl") return "endpoint";
  if (virtualization !== "none") return "virtual-machine";
  if (platform === "darwin") return typeOfMac(model);
  if (SERVER_MODELS.test(model) || SERVER_SYSTEMS.test(osName)) return "server";
  if (chassis !== undefined) {
    if (LAPTOPS.has(chassis)) return "laptop";
    if (SERVERS.has(chassis)) return "server";
    if (DESKTOPS.has(chassis)) return "desktop";
  }
  return platform === "windows" ? "endpoint" : "server";
}

/** Macs have no chassis in their firmware. Since 2022, the identifiers of models are all `Mac14,7`. */
function typeOfMac(model: string): AssetType {
  if (/^(MacBook)/i.test(model)) return "laptop";
  if (/^(iMac|Mac ?mini|Mac ?Pro|Mac ?Studio)/i.test(model)) return "desktop";
  return "endpoint";
}
