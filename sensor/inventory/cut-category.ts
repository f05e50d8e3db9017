// A collected category as it is reported: cut into chunks that the server accepts. Of a list that is too
// large, it keeps the first items, and the number of all.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf, type Chunk, sortedByKey } from "@attacklens/protocol/inventory/chunks.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import {
  MAX_CATEGORY_BYTES,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_ITEMS,
} from "@attacklens/protocol/inventory/limits.ts";
import { limitGarbage } from "../collectors/garbage.ts";
import type { CategoryResult, Collected, CollectedItems, Uncollected } from "../collectors/result.ts";
import type { SeenFiles } from "../collectors/seen-files.ts";
import { type ItemText, type ItemTexts, openItemTexts } from "./item-texts.ts";

export interface CutItems {
  status: "collected";
  /** In bucket order. */
  chunks: Chunk[];
  /** The number of items on the host, if the chunks have only the first of them. */
  totalItems?: number;
  gaps?: Gap[];
  durationMs?: number;
  seen?: SeenFiles | undefined;
}

export type CutResult = CutItems | Uncollected;

/** Only the categories that were collected so far. */
export type Inventory = Partial<Record<Category, CutResult>>;

/** Whether the category was tried and has no items. */
export function hasFailed(result: CutResult): boolean {
  return "reason" in result && result.status !== "absent";
}

/** Part of the items that stays when the chunks are too large. */
const KEPT_PART = 0.75;

/** A category whose chunks are not yet put together: that takes their memory twice. */
export type CutTexts = Omit<CutItems, "chunks"> & { chunks: TextChunk[] };

type TextChunk = Omit<Chunk, "content"> & { content(): Uint8Array };

/** The items are sorted by key. */
export function cutTexts(
  category: Category,
  { items, ...others }: CollectedItems<ItemText>,
  texts: ItemTexts,
): CutTexts {
  const totalItems = others.totalItems ?? items.length;
  const buckets = items.map(({ key }, nth) => {
    if (nth % 1_000 === 0) limitGarbage();
    return bucketOf(category, key);
  });
  let keptItems = items.length;
  while (!fits(items, buckets, keptItems)) keptItems = Math.floor(keptItems * KEPT_PART);
  const chunks = cut(items.slice(0, keptItems), buckets, texts);
  return { ...others, chunks, ...(totalItems > keptItems ? { totalItems } : {}) };
}

export function cutCategory<C extends Category>(category: C, result: CategoryResult<C>): CutResult {
  if (result.status !== "collected") return result;
  const texts = openItemTexts();
  const cut = cutTexts(category, { ...result, items: sortedByKey(result.items).map(texts.add) }, texts);
  const chunks = cut.chunks.map(({ content, ...chunk }) => ({
    ...chunk,
    content: Buffer.from(content()).toString(),
  }));
  return { ...cut, chunks };
}

export function cutInventory(collected: Collected): Inventory {
  return Object.fromEntries(
    CATEGORIES.map((category) => [category, cutCategory(category, collected[category])]),
  );
}

/** The same chunks as `cutChunks` makes of the items. */
function cut(items: readonly ItemText[], buckets: readonly number[], texts: ItemTexts): TextChunk[] {
  const members = new Map<number, ItemText[]>();
  for (const [nth, item] of items.entries()) {
    const bucket = buckets[nth] as number;
    const known = members.get(bucket);
    if (known) known.push(item);
    else members.set(bucket, [item]);
  }
  return [...members]
    .sort(([left], [right]) => left - right)
    .map(([, chunk]) => {
      limitGarbage();
      return {
        hash: sha256(piecesOf(chunk, texts)),
        itemCount: chunk.length,
        content: () => Buffer.concat([...piecesOf(chunk, texts)]),
      };
    });
}

const MARKS = { open: Buffer.from("["), comma: Buffer.from(","), close: Buffer.from("]") };

function* piecesOf(items: readonly ItemText[], texts: ItemTexts): Generator<Uint8Array> {
  for (const [nth, item] of items.entries()) {
    yield nth === 0 ? MARKS.open : MARKS.comma;
    yield texts.read(item);
  }
  yield MARKS.close;
}

/** Whether the chunks of the first `count` items are small enough. */
function fits(items: readonly ItemText[], buckets: readonly number[], count: number): boolean {
  const chunks = new Map<number, { bytes: number; items: number }>();
  for (let nth = 0; nth < count; nth += 1) {
    const bucket = buckets[nth] as number;
    // The brackets, and a comma after each item but the last.
    const chunk = chunks.get(bucket) ?? { bytes: 1, items: 0 };
    chunk.bytes += (items[nth] as ItemText).bytes + 1;
    chunk.items += 1;
    chunks.set(bucket, chunk);
  }
  const all = [...chunks.values()];
  const sum = all.reduce((total, chunk) => total + chunk.bytes, 0);
  return (
    sum <= MAX_CATEGORY_BYTES &&
    all.every((chunk) => chunk.bytes <= MAX_CHUNK_BYTES && chunk.items <= MAX_CHUNK_ITEMS)
  );
}

function sha256(pieces: Iterable<Uint8Array>): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
