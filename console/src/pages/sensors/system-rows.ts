// The system category as rows of three columns. An item with several fields becomes several rows.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { formatBytes } from "../../ui/numbers.ts";
import { exactTime } from "../../ui/time.ts";

export interface SystemRow {
  key: string;
  part: string;
  /** The row above has the same part. */
  isSamePart: boolean;
  name: string;
  value: string;
}

type SystemItem = Item<"system">;

/** In display order. */
const PARTS: Record<SystemItem["kind"], string> = {
  host: "Host",
  os: "Operating system",
  kernel: "Kernel",
  cpu: "Processor",
  memory: "Memory",
  identifiers: "Identifiers",
  virtualization: "Virtualization",
  disk: "Disk",
  mount: "Mount",
  network: "Network",
};

/** Labels of the fields whose protocol name is not readable as words. */
const FIELD_NAMES: Record<string, string> = {
  id: "ID",
  versionId: "Version ID",
  buildId: "Build",
  fqdn: "Full name",
  mac: "MAC address",
  productUuid: "Product UUID",
  machineId: "Machine ID",
  cloudInstanceId: "Cloud instance ID",
  totalBytes: "Total",
  swapBytes: "Swap",
  sizeBytes: "Size",
  parameters: "Boot parameters",
  logicalCount: "Logical processors",
  physicalCount: "Cores",
  socketCount: "Sockets",
};

const HIDDEN = new Set(["key", "kind"]);

export function systemRows(items: readonly SystemItem[]): SystemRow[] {
  const order = Object.keys(PARTS);
  const sorted = items.toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  return sorted.flatMap((item) => {
    const named = item.kind === "disk" || item.kind === "network" ? item.name : "";
    const part = [PARTS[item.kind], item.kind === "mount" ? item.path : named].filter(Boolean).join(" ");
    return Object.entries(item)
      .filter(([field, value]) => !HIDDEN.has(field) && value !== undefined && value !== "")
      .filter(([field, value]) => value !== named || field !== "name")
      .map(([field, value], index) => ({
        key: `${item.key}/${field}`,
        part,
        isSamePart: index > 0,
        name: FIELD_NAMES[field] ?? words(field),
        value: text(field, value),
      }));
  });
}

function text(field: string, value: unknown): string {
  if (field === "bootedAt" && !Number.isNaN(Date.parse(String(value)))) return exactTime(String(value));
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return field.endsWith("Bytes") ? formatBytes(value) : String(value);
  if (Array.isArray(value)) return value.length > 0 ? value.join(", ") : "None";
  return String(value);
}

/** `timeZone` → `Time zone`. */
function words(field: string): string {
  const spaced = field.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
