// The inventory that a sensor reports: categories of items. The key of an item is unique in its category
// and stays the same when the item changes: an upgraded package keeps its key.
export const CATEGORIES = [
  "packages",
  "services",
  "ports",
  "users",
  "security",
  "system",
  "hardware",
  "network",
  "jobs",
  "certificates",
  "containers",
] as const;
export type Category = (typeof CATEGORIES)[number];
