// Actions on all objects that match a filter. The preview counts them, and the action refuses if they are no
// longer the same objects.
import { z } from "zod";

/** Objects of one action. For more, the filter must be narrowed. */
export const MAX_SELECTED = 200_000;

const NOT_FILTERS = { sort: true, order: true, cursor: true, limit: true, count: true } as const;

/** The filters of a list, from the query of its route. */
export function bulkFilter<S extends z.ZodRawShape>(query: z.ZodObject<S>) {
  const filters = query.omit(NOT_FILTERS as never) as unknown as z.ZodObject<
    Omit<S, keyof typeof NOT_FILTERS>
  >;
  return filters.meta({ description: "The filters of the list. Empty: all of its objects" });
}

export const bulkFingerprint = z.string().max(100).meta({
  description:
    "`fingerprint` of the preview. If other objects match now, the request fails with state-conflict",
});

/** The bodies of the preview and of the action. */
export function bulkBodies<const A extends readonly [string, ...string[]], S extends z.ZodRawShape>(
  actions: A,
  query: z.ZodObject<S>,
) {
  const preview = z.strictObject({ action: z.enum(actions), filter: bulkFilter(query) });
  return { preview, action: preview.extend({ fingerprint: bulkFingerprint }) };
}

const count = z.int().min(0);

export const bulkPreview = z
  .object({
    matching: count.meta({ description: "Objects that match the filter" }),
    possible: count.meta({ description: "Those that the action will change" }),
    impossible: z
      .array(z.object({ reason: z.string(), count }))
      .meta({ description: "Those that it leaves unchanged, by reason" }),
    sample: z.array(z.string()).meta({ description: "Names of the first objects that it will change" }),
    fingerprint: z.string().meta({ description: "Of the objects that it will change" }),
  })
  .meta({ id: "BulkPreview" });
export type BulkPreview = z.infer<typeof bulkPreview>;

/** The content type of the reply: JSON lines. */
export const PROGRESS_TYPE = "application/x-ndjson";

/** A line of the reply. Only the last line has `isFinished`. */
export const bulkProgress = z.object({
  total: count,
  done: count,
  refused: count,
  /** Of the first objects that were refused. */
  refusals: z.array(z.object({ id: z.string(), name: z.string(), reason: z.string() })),
  isFinished: z.boolean(),
  /** Why the action ended early. */
  problem: z.string().optional(),
});
export type BulkProgress = z.infer<typeof bulkProgress>;
