// The work of the collector process: it collects one category after another, as its parent asks for them.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { collectHostFacts, collectInto } from "../collectors/collect.ts";
import { limitGarbage } from "../collectors/garbage.ts";
import { type CutTexts, cutTexts } from "./cut-category.ts";
import { openItemTexts } from "./item-texts.ts";

/** A request: a category, or the facts about the host for enrollment. */
export type Request = Category | "host-facts";

/** A line of a reply, as UTF-8. */
export type ReplyLine = string | Uint8Array;

/** The lines of the reply to a request. `readReply` reads them. */
export async function answer(request: string, root: string): Promise<Iterable<ReplyLine>> {
  if (request === "host-facts") return [JSON.stringify(await collectHostFacts(root))];
  const category = CATEGORIES.find((known) => known === request);
  if (category === undefined) throw new RangeError(`the request ${JSON.stringify(request)} is unknown`);
  const texts = openItemTexts();
  const result = await collectInto(category, root, texts);
  return result.status === "collected"
    ? linesOf(cutTexts(category, result, texts))
    : [JSON.stringify(result)];
}

/** The chunks are put together one after another. */
function* linesOf(result: CutTexts): Generator<ReplyLine> {
  const chunks = result.chunks.map(({ hash, itemCount }) => ({ hash, itemCount }));
  yield JSON.stringify({ ...result, chunks });
  for (const { content } of result.chunks) {
    yield content();
    limitGarbage();
  }
}
