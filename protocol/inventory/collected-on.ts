// The platforms whose sensors collect each category. A test compares the table with the collectors.
import type { Category } from "./categories.ts";

export type SensorPlatform = "linux" | "macos" | "windows";

const EVERYWHERE: readonly SensorPlatform[] = ["linux", "macos", "windows"];

export const COLLECTED_ON: Record<Category, readonly SensorPlatform[]> = {
  packages: EVERYWHERE,
  services: EVERYWHERE,
  ports: EVERYWHERE,
  users: EVERYWHERE,
  security: EVERYWHERE,
  system: EVERYWHERE,
  hardware: EVERYWHERE,
  network: EVERYWHERE,
  jobs: EVERYWHERE,
  certificates: EVERYWHERE,
  containers: ["linux"],
};

/** `platform`: as sensors report it. */
export function isCollectedOn(category: Category, platform: "linux" | "windows" | "darwin"): boolean {
  return COLLECTED_ON[category].includes(platform === "darwin" ? "macos" : platform);
}
