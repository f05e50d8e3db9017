// The list of the chunks of a category, as the database stores it: complete, or as the difference from a
// base.
import { PACK_CHUNKS } from "../../db/schema-inventory.ts";
import { fromZigzag, readVarints, toZigzag, writeVarints } from "./varints.ts";

/** The chunk of each bucket, in the order of the buckets. A chunk is a number: see `chunkOf`. */
export type ChunkList = ReadonlyMap<number, number>;

/** The same with chunks that are not stored yet, by their hashes. */
export type NewChunkList = ReadonlyMap<number, number | string>;

/** The number of a chunk: that of its pack, and its place in the pack. */
export function chunkOf(packId: number, place: number): number {
  return packId * PACK_CHUNKS + place;
}

export function packOf(chunk: number): number {
  return Math.floor(chunk / PACK_CHUNKS);
}

export function placeOf(chunk: number): number {
  return chunk % PACK_CHUNKS;
}

/** Returns the number of buckets in which the lists have the same chunk. */
export function countCommon(list: ChunkList, other: ChunkList): number {
  let common = 0;
  for (const [bucket, chunk] of list) if (other.get(bucket) === chunk) common++;
  return common;
}

/**
 * Writes the list as its difference from the base. For each bucket that differs: its distance from the one
 * before, and 0 for a bucket that the list lacks, or else the distance of its chunk from the last one, plus
 * 1.
 */
export function encodeChunkList(list: ChunkList, base: ChunkList = new Map()): Uint8Array {
  const numbers: number[] = [];
  let [lastBucket, lastChunk] = [0, 0];
  for (const bucket of [...new Set([...list.keys(), ...base.keys()])].sort((one, other) => one - other)) {
    const chunk = list.get(bucket);
    if (chunk === base.get(bucket)) continue;
    numbers.push(bucket - lastBucket, chunk === undefined ? 0 : toZigzag(chunk - lastChunk) + 1);
    lastBucket = bucket;
    lastChunk = chunk ?? lastChunk;
  }
  return writeVarints(numbers);
}

export function decodeChunkList(bytes: Uint8Array, base: ChunkList = new Map()): ChunkList {
  const list = new Map(base);
  const numbers = readVarints(bytes);
  let [bucket, chunk] = [0, 0];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    bucket += numbers[at]!;
    const distance = numbers[at + 1]!;
    if (distance === 0) list.delete(bucket);
    else {
      chunk += fromZigzag(distance - 1);
      list.set(bucket, chunk);
    }
  }
  return new Map([...list].sort(([one], [other]) => one - other));
}
