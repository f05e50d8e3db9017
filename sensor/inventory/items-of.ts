import { sortedByKey } from "@attacklens/protocol/inventory/chunks.ts";
import type { CutItems, CutResult } from "./cut-category.ts";

/** The result with its items, sorted by key, in place of the chunks. */
export function itemsOf<R extends CutResult>(result: R) {
  if (result.status !== "collected") {
    const { seen: _, ...others } = result as Exclude<R, CutItems> & { seen?: unknown };
    return others;
  }
  const { status, chunks, seen: _, ...others } = result;
  const items = chunks.flatMap(({ content }) => JSON.parse(content) as { key: string }[]);
  return { status, items: sortedByKey(items), ...others };
}
