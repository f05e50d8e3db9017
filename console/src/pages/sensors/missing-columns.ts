// The columns of a category that are empty on every host of a platform: no sensor there collects them.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { missingFields } from "@attacklens/protocol/inventory/collected-on.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";

/** The columns of the fields that are not collected everywhere. */
const COLUMNS: Readonly<Record<string, string>> = {
  source: "Source package",
  description: "Description",
  lastLoginAt: "Last login",
  authorizedKeys: "SSH keys",
};

/** Returns the headers of the columns. */
export function missingColumns(category: Category, platform: Sensor["platform"]): string[] {
  return missingFields(category, platform).flatMap((field) => COLUMNS[field] ?? []);
}
