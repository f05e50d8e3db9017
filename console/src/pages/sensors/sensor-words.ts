import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";

export const PLATFORM_NAMES: Record<Sensor["platform"], string> = {
  linux: "Linux",
  windows: "Windows",
  darwin: "macOS",
};

export const CATEGORY_NAMES: Record<Category, string> = {
  packages: "Packages",
  services: "Services",
  ports: "Ports",
  users: "Users",
  security: "Security",
  system: "System",
};

/** `Debian GNU/Linux 12 (bookworm)`. */
export function osName({ os }: Sensor): string {
  return [os.name, os.version].filter(Boolean).join(" ");
}

/** Not by the status alone: a sensor that awaits approval may be blocked, too. */
export function awaitsApproval({ status, can }: Sensor): boolean {
  return status === "awaiting-approval" || can.approve.allowed;
}
