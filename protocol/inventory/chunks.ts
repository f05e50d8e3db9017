// Cuts the items of a category into chunks. The CRC-32 of an item's key selects one of a fixed number of
// buckets. A chunk is the canonical JSON of a bucket's items, sorted by key, and is identified by its
// SHA-256. One changed item changes one chunk, and identical hosts share all chunks.
import { canonicalJson, type Json } from "../canonical-json.ts";
import { crc32 } from "../crc32.ts";
import type { Category } from "./categories.ts";
import type { Gap } from "./gaps.ts";

/** Buckets per category. After a change, every host uploads that category again. */
export const BUCKETS: Record<Category, number> = {
  packages: 64,
  services: 16,
  ports: 16,
  users: 16,
  security: 4,
  system: 4,
  hardware: 4,
  network: 4,
  jobs: 16,
  certificates: 16,
  containers: 8,
};

export type Sha256 = (text: string) => string;
export interface Chunk {
  /** SHA-256 of `content` in UTF-8, lower-case hex. */
  hash: string;
  /** Canonical JSON of the array of items. */
  content: string;
  itemCount: number;
}

export function bucketOf(category: Category, key: string): number {
  return crc32(key) % BUCKETS[category];
}

/**
 * Cuts items into chunks, in bucket order. Empty buckets have no chunk. Throws RangeError if two items have
 * the same key.
 */
export function cutChunks(category: Category, items: readonly { key: string }[], sha256: Sha256): Chunk[] {
  const buckets = new Map<number, { key: string }[]>();
  const keys = new Set<string>();
  for (const item of items) {
    if (keys.has(item.key)) throw new RangeError(`two items of ${category} have the key ${item.key}`);
    keys.add(item.key);
    const bucket = bucketOf(category, item.key);
    const members = buckets.get(bucket);
    if (members) members.push(item);
    else buckets.set(bucket, [item]);
  }
  return [...buckets]
    .sort(([left], [right]) => left - right)
    .map(([, members]) => {
      const content = chunkContent(members);
      return { hash: sha256(content), content, itemCount: members.length };
    });
}

/** The text whose hash identifies a chunk. */
export function chunkContent(items: readonly { key: string }[]): string {
  return canonicalJson(sortedByKey(items) as unknown as Json);
}

/** Sorts items as in a chunk: by UTF-16 code unit. */
export function sortedByKey<T extends { key: string }>(items: readonly T[]): T[] {
  return items.toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
}

/** What a report says about its items. */
export interface Remarks {
  totalItems?: number | undefined;
  gaps?: Gap[] | undefined;
}

/**
 * The hash of a whole category: SHA-256 of the canonical JSON of its chunk hashes, in bucket order. With
 * remarks, of an object with them: `{ chunks, gaps, totalItems }`.
 */
export function rootHash(
  chunks: readonly string[],
  sha256: Sha256,
  { totalItems, gaps }: Remarks = {},
): string {
  if (totalItems === undefined && gaps === undefined) return sha256(canonicalJson(chunks));
  return sha256(canonicalJson({ chunks, gaps, totalItems } as unknown as Json));
}
