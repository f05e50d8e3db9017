import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { type ActionOf, canOf } from "@attacklens/protocol/obstacles.ts";
import type { Can } from "@attacklens/protocol/page.ts";
import { SENSOR_OBSTACLES } from "@attacklens/protocol/sensor-obstacles.ts";
import type { ListedSensor, Sensor } from "@attacklens/protocol/sensors.ts";
import { countOf } from "../../ui/numbers.ts";

/** A sensor, or a row of the list. */
export type AnySensor = Sensor | ListedSensor;

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
export function osName({ os }: AnySensor): string {
  return [os.name, os.version].filter(Boolean).join(" ");
}

/** `12 hours`: how long an ephemeral sensor may be offline; undefined: it is not ephemeral. */
export function offlinePeriod({ ephemeralHours }: Sensor): string | undefined {
  return ephemeralHours === null ? undefined : countOf(ephemeralHours, "hour");
}

/** The status is not enough: a sensor that awaits approval can also be blocked. */
export function awaitsApproval(sensor: AnySensor): boolean {
  return sensor.status === "awaiting-approval" || canDo(sensor, "approve").allowed;
}

/** The status is not enough: a sensor that was replaced can also be blocked. */
export function isBlocked(sensor: AnySensor): boolean {
  return canDo(sensor, "unblock").allowed;
}

export function canDo(sensor: AnySensor, action: ActionOf<typeof SENSOR_OBSTACLES>): Can {
  return "can" in sensor ? sensor.can[action] : canOf(SENSOR_OBSTACLES, sensor, action);
}
