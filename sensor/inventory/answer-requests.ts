// The work of the collector process: it collects one category after another, as its parent asks for them.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { collectCategory, collectHostFacts } from "../collectors/collect.ts";
import { cutCategory } from "./cut-category.ts";

/** A request: a category, or the facts about the host for enrollment. */
export type Request = Category | "host-facts";

/** The reply to a request, as one line of JSON. */
export async function answer(request: string, root: string): Promise<string> {
  if (request === "host-facts") return JSON.stringify(await collectHostFacts(root));
  const category = CATEGORIES.find((known) => known === request);
  if (category === undefined) throw new RangeError(`the request ${JSON.stringify(request)} is unknown`);
  return JSON.stringify(cutCategory(category, await collectCategory(category, root)));
}
