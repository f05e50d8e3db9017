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
  mount: "Mount",
  kernels: "Kernels",
  reboot: "Restart",
  "kernel-modules": "Kernel modules",
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
  usedPercent: "Used",
  inodesUsedPercent: "Inodes used",
  logicalCount: "Logical processors",
  physicalCount: "Cores",
  socketCount: "Sockets",
};

const HIDDEN = new Set(["key", "kind"]);

export function systemRows(items: readonly SystemItem[]): SystemRow[] {
  const order = Object.keys(PARTS);
  const sorted = items.toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  return sorted.flatMap((item) => {
    const part = item.kind === "mount" ? `${PARTS.mount} ${item.path}` : PARTS[item.kind];
    return Object.entries(item)
      .filter(([field, value]) => !HIDDEN.has(field) && value !== undefined && value !== "")
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
  if (field.endsWith("At") && !Number.isNaN(Date.parse(String(value)))) return exactTime(String(value));
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return numberText(field, value);
  if (Array.isArray(value)) return value.length > 0 ? value.join(", ") : "None";
  return String(value);
}

function numberText(field: string, value: number): string {
  if (field.endsWith("Percent")) return `Up to ${value}%`;
  return field.endsWith("Bytes") ? formatBytes(value) : String(value);
}

/** `timeZone` → `Time zone`. */
function words(field: string): string {
  const spaced = field.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
