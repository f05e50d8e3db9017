// The schemas of the inventory: one for the items of each category.
import type { z } from "zod";
import type { Category } from "./categories.ts";
import { certificateItem } from "./certificates.ts";
import { containerItem } from "./containers.ts";
import { hardwareItem } from "./hardware.ts";
import { jobItem } from "./jobs.ts";
import { networkItem } from "./network.ts";
import { packageItem } from "./packages.ts";
import { portItem } from "./ports.ts";
import { securityItem } from "./security.ts";
import { serviceItem } from "./services.ts";
import { systemItem } from "./system.ts";
import { userItem } from "./users.ts";

export const CATEGORY_ITEMS = {
  packages: packageItem,
  services: serviceItem,
  ports: portItem,
  users: userItem,
  security: securityItem,
  system: systemItem,
  hardware: hardwareItem,
  network: networkItem,
  jobs: jobItem,
  certificates: certificateItem,
  containers: containerItem,
} as const satisfies Record<Category, z.ZodType<{ key: string }>>;

export type Item<C extends Category = Category> = z.infer<(typeof CATEGORY_ITEMS)[C]>;
