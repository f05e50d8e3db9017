// The work of the collector process: it collects one category after another, as its parent asks for them.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { collectAs, collectHostFacts } from "../collectors/collect.ts";
import { isUnchanged, type SeenFiles } from "../collectors/seen-files.ts";
import { UNCHANGED } from "./collector-command.ts";
import { cutTexts, textOf } from "./cut-category.ts";

/** A request: a category, or the facts about the host for enrollment. */
export type Request = Category | "host-facts";

/**
 * The lines of the reply to a request: its name, and for a category that was collected before, the files that
 * it was read from, as JSON. `readReply` reads the lines.
 */
export async function answer(line: string, root: string): Promise<string[]> {
  const [, request = line, seen] = /^(\S+) (.+)$/.exec(line) ?? [];
  if (seen !== undefined && isUnchanged(JSON.parse(seen) as SeenFiles)) return [JSON.stringify(UNCHANGED)];
  if (request === "host-facts") return [JSON.stringify(await collectHostFacts(root))];
  const category = CATEGORIES.find((known) => known === request);
  if (category === undefined) throw new RangeError(`the request ${JSON.stringify(request)} is unknown`);
  const result = cutTexts(category, await collectAs(category, root, textOf));
  if (result.status !== "collected") return [JSON.stringify(result)];
  const chunks = result.chunks.map(({ hash, itemCount }) => ({ hash, itemCount }));
  return [JSON.stringify({ ...result, chunks }), ...result.chunks.map(({ content }) => content)];
}
