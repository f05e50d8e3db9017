// Finds stored chunks by their hashes, and remembers them: a chunk never moves, and a scope never loses one.
import { openBatcher } from "../../batcher.ts";
import { setBounded } from "../../bounded-map.ts";
import type { Database } from "../../db/schema.ts";
import { packOf, placeOf } from "./chunk-list.ts";
import type { ChunkFacts } from "./pack.ts";
import type { Packs } from "./packs.ts";
import { keyOf, listChunksOfScope } from "./packs-store.ts";

export interface KnownChunk extends ChunkFacts {
  chunk: number;
}

interface KeptChunk extends KnownChunk {
  /** Whose sensors have uploaded it, as far as this server has seen. */
  scopes: number[];
}

interface Read {
  scopeId: number;
  keys: string[];
}

interface Place {
  key: string;
  chunk: number;
}

/** The chunks of a few hundred images. */
const MAX_KEPT = 20_000;
/** Scopes of a chunk. */
const MAX_SCOPES = 20;

export function openKnownChunks(db: Database, packs: Packs) {
  const kept = new Map<string, KeptChunk>();
  const reads = openBatcher<Read, Place[]>({
    ...{ running: 1, take: (waiting) => ({ batch: waiting, rest: [] }), work: readAll },
  });

  /** Lists of sensors that arrive together share one query. */
  async function readAll(all: Read[]): Promise<Place[][]> {
    const found = new Map<number, Map<string, number>>();
    for (const scopeId of new Set(all.map((read) => read.scopeId))) {
      const keys = new Set(all.flatMap((read) => (read.scopeId === scopeId ? read.keys : [])));
      const rows = await listChunksOfScope(db, scopeId, [...keys]);
      found.set(scopeId, new Map(rows.map(({ key, chunk }) => [key, chunk])));
    }
    return all.map(({ scopeId, keys }) =>
      keys.flatMap((key) => {
        const chunk = found.get(scopeId)!.get(key);
        return chunk === undefined ? [] : [{ key, chunk }];
      }),
    );
  }

  function add(scopeId: number, key: string, known: KnownChunk): void {
    const before = kept.get(key);
    if (before?.chunk !== known.chunk) setBounded(kept, key, { ...known, scopes: [scopeId] }, MAX_KEPT);
    else if (!before.scopes.includes(scopeId))
      before.scopes = [scopeId, ...before.scopes.slice(0, MAX_SCOPES - 1)];
  }

  return {
    add,
    /** Returns the chunks that a sensor of the scope has uploaded, by their hashes. */
    async find(scopeId: number, hashes: readonly string[]): Promise<Map<string, KnownChunk>> {
      const found = new Map<string, KnownChunk>();
      const missing = new Map<string, string>();
      for (const hash of hashes) {
        const key = keyOf(hash);
        const known = kept.get(key);
        if (known?.scopes.includes(scopeId)) found.set(hash, known);
        else missing.set(key, hash);
      }
      if (missing.size === 0) return found;
      const rows = await reads.add({ scopeId, keys: [...missing.keys()] });
      const facts = await packs.factsOf(rows.map(({ chunk }) => chunk));
      for (const { key, chunk } of rows) {
        const chunkFacts = facts.get(packOf(chunk))?.chunks[placeOf(chunk)];
        // Of a lost pack, the sensor uploads the chunks again.
        if (!chunkFacts) continue;
        const known = { ...chunkFacts, chunk };
        found.set(missing.get(key)!, known);
        add(scopeId, key, known);
      }
      return found;
    },
  };
}

export type KnownChunks = ReturnType<typeof openKnownChunks>;
