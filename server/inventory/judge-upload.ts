// Judges what a sensor uploads: the lists of chunks of categories, and the chunks. Stores nothing.
import { createHash } from "node:crypto";
import { countOf } from "@attacklens/protocol/count-of.ts";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CATEGORY_BYTES, MAX_ITEMS } from "@attacklens/protocol/inventory/limits.ts";
import type { Manifest } from "@attacklens/protocol/inventory/manifest.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { SensorCaller } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { openTurns } from "../turns.ts";
import { inventoryParts, type Uploading } from "./inventory-parts.ts";
import { keyOfItem, parseChunk } from "./parse-chunk.ts";
import type { SensorReport } from "./report-writer.ts";
import type { Bases } from "./storage/bases.ts";
import type { NewChunkList } from "./storage/chunk-list.ts";
import type { NewChunk, Upload } from "./storage/chunk-writer.ts";
import type { KnownChunk } from "./storage/known-chunks.ts";
import type { NewContent } from "./storage/manifest-writer.ts";
import { keyOf } from "./storage/packs-store.ts";

/** A report with uploaded chunks that are not stored yet. */
export type NewReport = SensorReport<NewContent>;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * Returns the category with its chunks, or those that are missing. `uploaded`: those of the same request, and
 * `stored`: those that sensors of its scope have uploaded, both of any category. Throws input-invalid.
 */
export async function judgeManifest(
  bases: Bases,
  uploading: Uploading,
  category: Category,
  { root, chunks, totalItems, gaps, durationMs }: Manifest,
  uploaded: ReadonlyMap<string, NewChunk>,
  stored: ReadonlyMap<string, KnownChunk>,
): Promise<{ missing: string[] } | { reported: NewReport["categories"][number] }> {
  if (new Set(chunks).size !== chunks.length) throw badInput("chunks", "names a chunk twice");
  if (rootHash(chunks, sha256, { totalItems, gaps }) !== root)
    throw badInput("root", "is not the hash of the chunk list, or of it with its gaps and its total");
  const missing: string[] = [];
  const known: KnownChunk[] = [];
  const listed: (KnownChunk | NewChunk)[] = [];
  for (const hash of chunks) {
    const [added, found] = [uploaded.get(hash), stored.get(hash)];
    if (found?.category === category) known.push(found);
    if (added?.category === category) listed.push(added);
    else if (found?.category === category) listed.push(found);
    else missing.push(hash);
  }
  const ownBase = uploading.bases.get(category);
  if (missing.length > 0) {
    const list = new Map(known.map(({ bucket, chunk }) => [bucket, chunk]));
    uploading.similar.set(category, (await bases.closest(category, list, ownBase))?.list);
    return { missing };
  }
  const { list, itemCount } = checkChunks(listed);
  if (totalItems !== undefined && totalItems <= itemCount)
    throw badInput("totalItems", `must be more than the ${countOf(itemCount, "item")} of the chunks`);
  const content = {
    ...{ scopeId: uploading.scopeId, category, root: keyOf(root), list, ownBase, itemCount },
    totalItems: totalItems ?? null,
    gaps: gaps === undefined ? null : JSON.stringify(gaps),
  };
  const said = { category, status: "collected", reason: null, durationMs: durationMs ?? null } as const;
  return { reported: { ...said, content } };
}

/** Throws input-invalid if the chunks are no content of a category. */
function checkChunks(chunks: (KnownChunk | NewChunk)[]): { list: NewChunkList; itemCount: number } {
  let itemCount = 0;
  let sizeBytes = 0;
  let lastBucket = -1;
  for (const chunk of chunks) {
    // The bucket of an item depends only on its key, so increasing buckets cannot contain a key twice.
    if (chunk.bucket <= lastBucket) throw badInput("chunks", "must be one a bucket, in bucket order");
    lastBucket = chunk.bucket;
    itemCount += chunk.itemCount;
    sizeBytes += chunk.sizeBytes;
  }
  if (itemCount > MAX_ITEMS)
    throw badInput("chunks", `hold ${countOf(itemCount, "item")}, more than ${MAX_ITEMS}`);
  if (sizeBytes > MAX_CATEGORY_BYTES)
    throw badInput("chunks", `hold ${sizeBytes} bytes, more than ${MAX_CATEGORY_BYTES}`);
  const list = new Map(
    chunks.map((listed) => [listed.bucket, "chunk" in listed ? listed.chunk : listed.hash]),
  );
  return { list, itemCount };
}

/** Uploaded chunks, by category: their hashes and items. */
export type UploadedChunks = ReadonlyMap<Category, readonly [string, unknown[]][]>;

/** Throws input-invalid if a chunk does not match its hash, or an item does not match the category. */
export async function parseUpload(
  db: Database,
  now: number,
  sensor: SensorCaller,
  uploaded: UploadedChunks,
): Promise<Upload> {
  const { knownItems, uploadsOf } = inventoryParts(db);
  const { scopeId, similar } = await uploadsOf(sensor.id, now);
  const chunks: NewChunk[] = [];
  const turns = openTurns("upload");
  for (const [category, own] of uploaded)
    for (const [hash, items] of own) {
      const key = keyOfItem(items[0]);
      const base = key === undefined ? undefined : similar.get(category)?.get(bucketOf(category, key));
      const known = base === undefined ? new Map() : await knownItems.read(base);
      chunks.push(await parseChunk({ base, category, hash, items, known }, sha256, turns));
    }
  return { scopeId, chunks };
}

export function badInput(field: string, message: string): Problem {
  return new Problem("input-invalid", `Cannot store inventory: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
