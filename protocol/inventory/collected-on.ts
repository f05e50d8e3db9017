// The platforms whose sensors collect each category, and each field of it. Tests compare the tables with the
// collectors.
import type { Category } from "./categories.ts";
import type { Item } from "./category-items.ts";

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

/** The fields of a category that the sensors of a platform leave out, though they collect the category. */
export const NOT_COLLECTED_ON: { [C in Category]?: { [Field in FieldOf<C>]?: readonly SensorPlatform[] } } = {
  packages: { source: ["macos", "windows"] },
  services: { description: ["macos"] },
  users: { lastLoginAt: ["macos"], authorizedKeys: ["windows"] },
};

type FieldOf<C extends Category> = Item<C> extends infer I ? (I extends unknown ? keyof I : never) : never;

type ReportedPlatform = "linux" | "windows" | "darwin";

const named = (platform: ReportedPlatform): SensorPlatform => (platform === "darwin" ? "macos" : platform);

/** `platform`: as sensors report it. */
export function isCollectedOn(category: Category, platform: ReportedPlatform): boolean {
  return COLLECTED_ON[category].includes(named(platform));
}

/** Returns the fields of the category that no sensor on the platform reports. */
export function missingFields(category: Category, platform: ReportedPlatform): string[] {
  const fields = Object.entries<readonly SensorPlatform[]>(NOT_COLLECTED_ON[category] ?? {});
  return fields.filter(([, platforms]) => platforms.includes(named(platform))).map(([field]) => field);
}
