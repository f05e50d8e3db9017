// The inventory that a sensor reports: six categories of items. The key of an item is unique in its category
// and stays the same when the item changes: an upgraded package keeps its key.
import { z } from "zod";
import { packageItem } from "./packages.ts";
import { portItem } from "./ports.ts";
import { securityItem } from "./security.ts";
import { serviceItem } from "./services.ts";
import { systemItem } from "./system.ts";
import { userItem } from "./users.ts";

export const CATEGORIES = ["packages", "services", "ports", "users", "security", "system"] as const;
export type Category = (typeof CATEGORIES)[number];
export const category = z.enum(CATEGORIES);

export const CATEGORY_ITEMS = {
  packages: packageItem,
  services: serviceItem,
  ports: portItem,
  users: userItem,
  security: securityItem,
  system: systemItem,
} as const satisfies Record<Category, z.ZodType<{ key: string }>>;

export type Item<C extends Category = Category> = z.infer<(typeof CATEGORY_ITEMS)[C]>;

/** Maximum number of items of a category. */
export const MAX_ITEMS = 50_000;
