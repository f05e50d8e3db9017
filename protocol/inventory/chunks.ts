// How a category's items become chunks: spread by the CRC-32 of each item's key over a fixed number of
// buckets, sorted by key in each, written as canonical JSON and named by SHA-256. One changed item changes
// one chunk; equal hosts share all.
import { canonicalJson, type Json } from "../canonical-json.ts";
import { crc32 } from "../crc32.ts";
import type { Category } from "./categories.ts";

/** Buckets a category has; changing one makes every host upload that category again. */
export const BUCKETS: Record<Category, number> = {
  packages: 64,
  services: 16,
  ports: 4,
  users: 8,
  security: 4,
  system: 4,
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
 * Cuts items into chunks, by bucket; empty buckets give none. Throws RangeError when two items have one key.
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

/** The text that a chunk's hash is taken of. */
export function chunkContent(items: readonly { key: string }[]): string {
  return canonicalJson(sortedByKey(items) as unknown as Json);
}

/** In the order of a chunk: by UTF-16 code unit. */
export function sortedByKey<T extends { key: string }>(items: readonly T[]): T[] {
  return items.toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
}

/**
 * The hash that names a whole category: SHA-256 of the canonical JSON of its chunk hashes, in bucket order.
 */
export function rootHash(chunkHashes: readonly string[], sha256: Sha256): string {
  return sha256(canonicalJson(chunkHashes));
}
