import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { countOf } from "../../ui/numbers.ts";

export const CATEGORY_NAMES: Record<Category, string> = {
  packages: "Packages",
  services: "Services",
  ports: "Ports",
  users: "Users",
  security: "Security",
  system: "System",
  hardware: "Hardware",
  network: "Network",
  jobs: "Scheduled jobs",
  certificates: "Certificates",
  containers: "Containers",
};

/** In running text. */
export const CATEGORY_NOUNS: Record<Category, string> = {
  packages: "packages",
  services: "services",
  ports: "ports",
  users: "users",
  security: "security settings",
  system: "system facts",
  hardware: "hardware",
  network: "network facts",
  jobs: "scheduled jobs",
  certificates: "certificates",
  containers: "containers",
};

/** `Debian GNU/Linux 12 (bookworm)`. */
export function osName({ os }: Sensor): string {
  return [os.name, os.version].filter(Boolean).join(" ");
}

/** `12 hours`: how long an ephemeral sensor may be offline; undefined: it is not ephemeral. */
export function offlinePeriod({ ephemeralHours }: Sensor): string | undefined {
  return ephemeralHours === null ? undefined : countOf(ephemeralHours, "hour");
}

/** The status is not enough: a sensor that awaits approval can also be blocked. */
export function awaitsApproval({ status, can }: Sensor): boolean {
  return status === "awaiting-approval" || can.approve.allowed;
}
