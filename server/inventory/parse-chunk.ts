// Whether an uploaded chunk is what it claims: items of the category, in its bucket, under the hash of its canonical JSON.
import { CATEGORY_ITEMS, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf, chunkContent, type Sha256 } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_CHUNK_BYTES } from "@attacklens/protocol/inventory/upload.ts";
import { Problem } from "@attacklens/protocol/problems.ts";

/** Pure. Throws input-invalid, naming the chunk and the item. */
export function parseChunk(
  category: Category,
  hash: string,
  items: unknown[],
  sha256: Sha256,
): { content: string; itemCount: number; sizeBytes: number; bucket: number } {
  const parsed = items.map((item, index) => {
    const result = CATEGORY_ITEMS[category].safeParse(item);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw bad([hash, index, ...(issue?.path ?? [])], issue?.message ?? "is not valid");
  });
  const keys = new Set(parsed.map(({ key }) => key));
  if (keys.size !== parsed.length) throw bad([hash], "has two items with one key");
  const buckets = new Set(parsed.map(({ key }) => bucketOf(category, key)));
  const [bucket] = buckets;
  if (bucket === undefined || buckets.size !== 1) throw bad([hash], "has items of several buckets");
  const content = chunkContent(parsed);
  const sizeBytes = Buffer.byteLength(content);
  if (sizeBytes > MAX_CHUNK_BYTES) throw bad([hash], `is larger than ${MAX_CHUNK_BYTES} bytes`);
  if (sha256(content) !== hash) throw bad([hash], "is not the SHA-256 of its items' canonical JSON");
  return { content, itemCount: parsed.length, sizeBytes, bucket };
}

function bad(path: PropertyKey[], message: string): Problem {
  const field = ["chunks", ...path].join(".");
  return new Problem("input-invalid", `Cannot store inventory: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
