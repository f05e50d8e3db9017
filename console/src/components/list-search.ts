// The state of a list in the URL: what the protocol lets one ask for, each part optional, and ignored when it is nonsense.
import { isPlainText } from "@attacklens/protocol/text.ts";
import { z } from "zod";

/** What the server would refuse as search text is as good as none. */
export const searchText = z.string().max(200).refine(isPlainText);

function lenient<T extends z.ZodType>(schema: T) {
  return schema.optional().catch(undefined);
}

/** The search schema of a list page, from the query of the route behind it; cursor and limit are not state of a page. */
export function listSearch<Sort extends z.ZodType, Filters extends Record<string, z.ZodType>>(
  sort: { unwrap: () => Sort },
  filters: Filters,
) {
  const lenientFilters = Object.fromEntries(
    Object.entries(filters).map(([name, schema]) => [name, lenient(schema)]),
  ) as { [K in keyof Filters]: z.ZodCatch<z.ZodOptional<Filters[K]>> };
  return z.object({
    q: lenient(searchText),
    sort: lenient(sort.unwrap()),
    order: lenient(z.enum(["asc", "desc"])),
    ...lenientFilters,
  });
}
