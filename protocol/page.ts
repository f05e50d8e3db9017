// Lists are returned in keyset pages. A cursor names the last row of a page, so every page costs the same.
import { z } from "zod";
import { ROLES } from "./permissions.ts";
import { isPlainText } from "./plain-text.ts";

/**
 * Rows that a page counts where no numbers are kept. If there are more, `total` is this number and
 * `totalIsCapped` is true. With `count=exact`, all are counted.
 */
export const COUNT_CAP = 1_000;

/** The query of a list. `sortable` names the columns to sort by; the first is the default. */
export function pageQuery<const S extends readonly [string, ...string[]]>(
  sortable: S,
  defaultOrder: "asc" | "desc" = "asc",
) {
  return z.strictObject({
    q: z
      .string()
      .max(200)
      .refine(isPlainText, "must not contain control or bidirectional characters")
      .optional()
      .meta({
        description:
          "Search text: part of the name, case-insensitive. Of sensors and assets, one or two characters find names that begin with them. Of sensors, also a whole address, MAC address or serial number",
      }),
    sort: z.enum(sortable).default(sortable[0] as S[number]),
    order: z.enum(["asc", "desc"]).default(defaultOrder),
    cursor: z
      .string()
      .max(4_000)
      .optional()
      .meta({ description: "`nextCursor` of the previous page, with the same sort and filters" }),
    limit: z.coerce.number().int().min(1).max(200).default(50),
    count: z.enum(["exact"]).optional().meta({
      description: "Counts every row that matches, however long it takes: `totalIsCapped` is false",
    }),
  });
}

export function page<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: "null: this is the last page" }),
    total: z.int().meta({ description: "Rows that match" }),
    totalIsCapped: z
      .boolean()
      .meta({ description: "true: more rows match, or may match, than the first ones that were counted" }),
  });
}

/** Whether the caller may take an action on an object in its current state, and the reason if not. */
export const can = z
  .object({
    allowed: z.boolean(),
    reason: z.string().optional(),
    needsRole: z.enum(ROLES).optional().meta({
      description: "The lowest role that may take the action. Present: the caller's role is lower",
    }),
  })
  .meta({ id: "Can" });
export type Can = z.infer<typeof can>;

/** Another object, by id and current name. */
export function reference<T extends z.ZodType>(id: T) {
  return z.object({ id, name: z.string() });
}
