// Checks an uploaded chunk: its items belong to the category and the bucket, and its hash is that of its
// canonical JSON.

import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS } from "@attacklens/protocol/inventory/category-items.ts";
import { bucketOf, type Sha256, sortedByKey } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CHUNK_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import { describeIssue, issueText } from "@attacklens/protocol/issue-text.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Turns } from "../turns.ts";
import type { NewChunk } from "./storage/chunk-writer.ts";
import type { KnownItem } from "./storage/known-items.ts";
import { type PackedItem, packItem, textOfItems } from "./storage/pack.ts";

interface Uploaded {
  /** The number of the chunk of the same bucket of a similar host. */
  base: number | undefined;
  category: Category;
  hash: string;
  items: unknown[];
  /** Checked items of the same bucket by their keys. An equal one needs no schema. */
  known: ReadonlyMap<string, KnownItem>;
}

/** Lets other requests run between items. Throws input-invalid with the chunk and the item. */
export async function parseChunk(
  { base, category, hash, items, known }: Uploaded,
  sha256: Sha256,
  turns: Turns,
): Promise<NewChunk> {
  const parsed: (PackedItem & { key: string })[] = [];
  for (const [index, item] of items.entries()) {
    if (turns.isOver()) await turns.next();
    const equal = known.get(keyOfItem(item) ?? "");
    if (equal && Bun.deepEquals(item, equal.value)) {
      parsed.push({ key: keyOfItem(item)!, json: equal.json, packed: equal.packed });
      continue;
    }
    const result = CATEGORY_ITEMS[category].safeParse(item, { error: issueText });
    if (!result.success) {
      const { path, message } = describeIssue(result.error.issues[0]!)[0]!;
      throw bad([hash, index, ...path], message);
    }
    parsed.push({ key: result.data.key, ...packItem(canonicalJson(result.data as Json)) });
  }
  const keys = new Set(parsed.map(({ key }) => key));
  if (keys.size !== parsed.length) throw bad([hash], "has two items with one key");
  const buckets = new Set(parsed.map(({ key }) => bucketOf(category, key)));
  const [bucket] = buckets;
  if (bucket === undefined || buckets.size !== 1) throw bad([hash], "has items of several buckets");
  const sorted = sortedByKey(parsed);
  // The canonical JSON of the array (`chunkContent`), because the items are already canonical.
  const content = `[${sorted.map(({ json }) => json)}]`;
  const sizeBytes = Buffer.byteLength(content);
  if (sizeBytes > MAX_CHUNK_BYTES) throw bad([hash], `is larger than ${MAX_CHUNK_BYTES} bytes`);
  if (sha256(content) !== hash) throw bad([hash], "is not the SHA-256 of its items' canonical JSON");
  const text = textOfItems(sorted);
  return { category, bucket, hash, text, itemCount: parsed.length, sizeBytes, base };
}

/** Returns the key of an item that was not checked yet; undefined if it has none. */
export function keyOfItem(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null || !("key" in item)) return undefined;
  return typeof item.key === "string" ? item.key : undefined;
}

function bad(path: PropertyKey[], message: string): Problem {
  const field = ["chunks", ...path].join(".").slice(0, 200);
  return new Problem("input-invalid", `Cannot store inventory: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
