// The items of a sensor's inventory in the API for users. Its schemas are large, so they are apart.
import { z } from "zod";
import { sensorId } from "./ids.ts";
import { category } from "./inventory/category.ts";
import { CATEGORY_ITEMS } from "./inventory/category-items.ts";
import { page } from "./page.ts";
import { route } from "./route.ts";

export const listSensorInventory = route({
  name: "sensors.inventory",
  method: "GET",
  path: "/api/v1/sensors/{id}/inventory/{category}",
  access: "sensors:read",
  tag: "Sensors",
  summary:
    "List the items that a sensor last reported in a category, by kind and name, ports by number, certificates by expiry",
  params: z.strictObject({ id: sensorId, category }),
  query: z.strictObject({
    q: z
      .string()
      .max(200)
      .optional()
      .meta({ description: "Search text: part of any value, case-insensitive" }),
    where: z.string().max(500).optional().meta({
      description: "Chosen facets; values of one facet are alternatives. `facets` of the reply lists them",
      example: "state:running,state:failed",
    }),
    sort: z
      .string()
      .max(40)
      .optional()
      .meta({ description: "A field of the category; absent: the order above", example: "version" }),
    order: z.enum(["asc", "desc"]).default("asc"),
    cursor: z.string().max(2_000).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(200),
  }),
  status: 200,
  output: page(z.union(Object.values(CATEGORY_ITEMS))).extend({
    facets: z
      .array(
        z.object({
          name: z.string(),
          values: z.array(z.object({ name: z.string(), count: z.int() })).meta({
            description: "The most frequent ones, at most 50, and how many items each would leave",
          }),
        }),
      )
      .meta({ description: "By which the items can be filtered" }),
  }),
});
