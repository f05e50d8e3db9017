// The names of chunks. A pack has the names of all its chunks, and the database has an index entry only for a
// few of them: chunks that were uploaded together are looked up together. An entry for each chunk would take
// more room than its content.
import { createHash } from "node:crypto";

const NAME_BYTES = 12;
const KEY_BYTES = 7;
/** Index entries of a pack. A pack with fewer chunks has one for each. */
const LEAST_KEYS = 4;
const CHUNKS_OF_A_KEY = 8;

/**
 * Returns the name of a chunk: the first bytes of its SHA-256, in hexadecimal. It would take 2^96 attempts to
 * find a chunk with the name of another one.
 */
export function nameOf(sha256: string): string {
  return sha256.slice(0, 2 * NAME_BYTES);
}

/**
 * Returns the key of the index entry of a name. It depends on the scope, so that no scope replaces an entry
 * of another one. Other names may have the same key, so the names of the pack decide.
 */
export function packKeyOf(scopeId: number, name: string): string {
  return createHash("sha256")
    .update(`${scopeId} ${name}`)
    .digest("hex")
    .slice(0, 2 * KEY_BYTES);
}

/** Returns the keys by which a pack is found: those of its smallest names. */
export function packKeysOf(scopeId: number, names: readonly string[]): string[] {
  const count = Math.max(LEAST_KEYS, Math.ceil(names.length / CHUNKS_OF_A_KEY));
  const smallest = names.toSorted().slice(0, count);
  return smallest.map((name) => packKeyOf(scopeId, name));
}

/** `names`: those of a pack in hexadecimal, one after the other. */
export function splitNames(names: string): string[] {
  const length = 2 * NAME_BYTES;
  return Array.from({ length: Math.floor(names.length / length) }, (_, place) =>
    names.slice(place * length, (place + 1) * length),
  );
}
