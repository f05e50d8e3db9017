// A collected category as it is reported: cut into chunks that the server accepts. Of a list that is too
// large, it keeps the first items, and the number of all.
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
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
  bytes: number;
}

export function textOf(item: { key: string }): ItemText {
  const text = canonicalJson(item as unknown as Json);
  // Counting joins the parts of the text, which take several times its memory until then.
  return { key: item.key, text, bytes: Buffer.byteLength(text) };
}

/** The items are sorted by key. Lets go of their texts. */
export function cutTexts(category: Category, result: CollectedItems<ItemText> | Uncollected): CutResult {
  if (result.status !== "collected") return result;
  const { items, ...others } = result;
  const totalItems = others.totalItems ?? items.length;
  const bytes = items.map((item) => item.bytes);
  const buckets = items.map(({ key }) => bucketOf(category, key));
  while (!fits(bytes, buckets)) bytes.length = Math.floor(bytes.length * KEPT_PART);
  const keptItems = bytes.length;
  items.length = keptItems;
  const chunks = cut(items, buckets);
  return { ...others, chunks, ...(totalItems > keptItems ? { totalItems } : {}) };
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

/**
 * The same chunks as `cutChunks` makes of the items. Lets go of the texts one bucket after another, so that
 * they are not in memory twice.
 */
function cut(items: ItemText[], buckets: readonly number[]): Chunk[] {
  const members = new Map<number, string[]>();
  for (const [nth, { text }] of items.entries()) {
    const bucket = buckets[nth] as number;
    const texts = members.get(bucket);
    if (texts) texts.push(text);
    else members.set(bucket, [text]);
  }
  items.length = 0;
  return [...members.keys()]
    .sort((left, right) => left - right)
    .map((bucket) => {
      const texts = members.get(bucket) ?? [];
      members.delete(bucket);
      const content = `[${texts.join(",")}]`;
      limitGarbage(performance.now());
      return { hash: sha256(content), content, itemCount: texts.length };
    });
}

/** Whether the chunks of the first items, as many as `bytes` has, are small enough. */
function fits(bytes: readonly number[], buckets: readonly number[]): boolean {
  const chunks = new Map<number, { bytes: number; items: number }>();
  for (const [nth, size] of bytes.entries()) {
    const bucket = buckets[nth] as number;
    // The brackets, and a comma after each item but the last.
    const chunk = chunks.get(bucket) ?? { bytes: 1, items: 0 };
    chunk.bytes += size + 1;
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

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
