// A collected category as it is reported: cut into chunks that the server accepts. Of a list that is too
// large, it keeps the first items, and the number of all.
import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf, type Chunk, sortedByKey } from "@attacklens/protocol/inventory/chunks.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import {
  MAX_CATEGORY_BYTES,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_ITEMS,
} from "@attacklens/protocol/inventory/limits.ts";
import type { CategoryResult, Collected, CollectedItems, Uncollected } from "../collectors/result.ts";
import type { SeenFiles } from "../collectors/seen-files.ts";

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

/** An item as canonical JSON. */
export interface ItemText {
  key: string;
  text: string;
}

export function textOf(item: { key: string }): ItemText {
  return { key: item.key, text: canonicalJson(item as unknown as Json) };
}

/** The items are sorted by key. */
export function cutTexts(category: Category, result: CollectedItems<ItemText> | Uncollected): CutResult {
  if (result.status !== "collected") return result;
  const { items, ...others } = result;
  const totalItems = others.totalItems ?? items.length;
  let kept = items;
  let chunks = cut(category, kept);
  while (!fits(chunks)) {
    kept = kept.slice(0, Math.floor(kept.length * KEPT_PART));
    chunks = cut(category, kept);
  }
  return { ...others, chunks, ...(totalItems > kept.length ? { totalItems } : {}) };
}

export function cutCategory<C extends Category>(category: C, result: CategoryResult<C>): CutResult {
  if (result.status !== "collected") return result;
  return cutTexts(category, { ...result, items: sortedByKey(result.items).map(textOf) });
}

export function cutInventory(collected: Collected): Inventory {
  return Object.fromEntries(
    CATEGORIES.map((category) => [category, cutCategory(category, collected[category])]),
  );
}

/** The same chunks as `cutChunks` makes of the items. */
function cut(category: Category, items: readonly ItemText[]): Chunk[] {
  const buckets = new Map<number, string[]>();
  for (const { key, text } of items) {
    const bucket = bucketOf(category, key);
    const texts = buckets.get(bucket);
    if (texts) texts.push(text);
    else buckets.set(bucket, [text]);
  }
  return [...buckets]
    .sort(([left], [right]) => left - right)
    .map(([, texts]) => {
      const content = `[${texts.join(",")}]`;
      return { hash: sha256(content), content, itemCount: texts.length };
    });
}

function fits(chunks: readonly Chunk[]): boolean {
  const sizes = chunks.map(({ content }) => Buffer.byteLength(content));
  const isEachSmall = sizes.every((size) => size <= MAX_CHUNK_BYTES);
  const sum = sizes.reduce((total, size) => total + size, 0);
  return (
    isEachSmall && sum <= MAX_CATEGORY_BYTES && chunks.every(({ itemCount }) => itemCount <= MAX_CHUNK_ITEMS)
  );
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
