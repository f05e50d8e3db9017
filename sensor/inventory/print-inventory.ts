// The inventory as JSON with two spaces of indentation, piece by piece: as one text, with its items as
// objects, a long list takes many times its memory.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { CutItems, CutResult } from "./cut-category.ts";
import { itemsOf } from "./items-of.ts";

const PIECE_LENGTH = 64 * 1024;
/** The text of a category that is not long. At once, it takes a third of the CPU. */
const SHORT_LENGTH = 1024 * 1024;

/** The same text as `JSON.stringify` of an object with `itemsOf` each result, in large pieces. */
export function* inventoryJson(
  results: readonly (readonly [Category, CutResult])[],
  shortLength = SHORT_LENGTH,
): Generator<string> {
  let piece = "";
  for (const part of partsOf(results, shortLength)) {
    piece += part;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

function* partsOf(
  results: readonly (readonly [Category, CutResult])[],
  shortLength: number,
): Generator<string> {
  for (const [nth, [category, result]] of results.entries()) {
    yield `${nth === 0 ? "{" : ","}\n  ${JSON.stringify(category)}: `;
    const isLong = result.status === "collected" && lengthOf(result) > shortLength;
    if (isLong) yield* collectedParts(result);
    else yield indented(itemsOf(result), 2);
  }
  yield results.length === 0 ? "{}" : "\n}";
}

function lengthOf({ chunks }: CutItems): number {
  return chunks.reduce((sum, { content }) => sum + content.length, 0);
}

function* collectedParts({ status, chunks, seen: _, ...others }: CutItems): Generator<string> {
  yield `{\n    "status": ${JSON.stringify(status)},\n    "items": [`;
  let isEmpty = true;
  for (const item of itemsInOrder(chunks.map(({ content }) => content))) {
    yield `${isEmpty ? "" : ","}\n      ${indented(item, 6)}`;
    isEmpty = false;
  }
  yield isEmpty ? "]" : "\n    ]";
  for (const [name, value] of Object.entries(others))
    if (value !== undefined) yield `,\n    ${JSON.stringify(name)}: ${indented(value, 4)}`;
  yield "\n  }";
}

function indented(value: unknown, spaces: number): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${" ".repeat(spaces)}`);
}

/** The items of all chunks, sorted by key. Each chunk has its own sorted. */
function* itemsInOrder(contents: readonly string[]): Generator<{ key: string }> {
  const heads = contents.flatMap((content) => {
    const items = itemsOfChunk(content);
    const first = items.next();
    return first.done ? [] : { item: first.value, items };
  });
  while (heads.length > 0) {
    let smallest = heads[0] as (typeof heads)[number];
    for (const head of heads) if (head.item.key < smallest.item.key) smallest = head;
    yield smallest.item;
    const next = smallest.items.next();
    if (next.done) heads.splice(heads.indexOf(smallest), 1);
    else smallest.item = next.value;
  }
}

/** One after another, from the JSON of an array of objects without white space. */
function* itemsOfChunk(content: string): Generator<{ key: string }, void, undefined> {
  let depth = 0;
  let start = 0;
  for (let at = 1; at < content.length; at += 1) {
    const char = content[at];
    if (char === '"') at = endOfText(content, at);
    else if (char === "{" || char === "[") {
      if (depth === 0) start = at;
      depth += 1;
    } else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth === 0) yield JSON.parse(content.slice(start, at + 1)) as { key: string };
    }
  }
}

/** The closing quotation mark of a text in JSON. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); ; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json[end - 1 - backslashes] === "\\") backslashes += 1;
    if (end < 0 || backslashes % 2 === 0) return end < 0 ? json.length : end;
  }
}
