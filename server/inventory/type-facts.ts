// Facts in the categories of a report about the type of the host's asset.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { TypeFacts } from "../assets/asset-type.ts";

/** The categories that `typeFactsOf` reads. */
export const TYPE_CATEGORIES: readonly Category[] = ["system", "hardware"];

/**
 * `items`: JSON of each item, which was parsed with its schema before it was stored. A fact that the category
 * no longer has is undefined.
 */
export function typeFactsOf(category: Category, items: readonly string[]): TypeFacts {
  if (category === "hardware") {
    const parts = items.map((json) => JSON.parse(json) as Item<"hardware">);
    return { chassis: parts.find((part) => part.kind === "chassis")?.type } as TypeFacts;
  }
  const facts: Record<string, string | undefined> = { virtualization: undefined, model: undefined };
  for (const json of items) {
    const item = JSON.parse(json) as Item<"system">;
    if (item.kind === "os") Object.assign(facts, { platform: item.platform, osName: item.name });
    if (item.kind === "virtualization") facts.virtualization = item.type;
    if (item.kind === "identifiers") facts.model = item.model;
  }
  return facts as TypeFacts;
}
