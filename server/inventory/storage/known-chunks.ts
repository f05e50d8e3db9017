// Finds stored chunks by their hashes, and remembers them: a chunk never moves, and a scope never loses one.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
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

export function openKnownChunks(db: Database, packs: Packs) {
  const kept = new Map<string, KnownChunk & { category: string }>();
  const reads = openBatcher<Read, Place[]>({
    ...{ running: 1, take: (waiting) => ({ batch: waiting, rest: [] }), work: readAll },
  });

  /** Lists of sensors that arrive together share one query. */
  async function readAll(all: Read[]): Promise<Place[][]> {
    const found = new Map<number, Map<string, number>>();
    for (const scopeId of new Set(all.map((read) => read.scopeId))) {
      const keys = all.flatMap((read) => (read.scopeId === scopeId ? read.keys : []));
      const rows = await listChunksOfScope(db, scopeId, keys);
      found.set(scopeId, new Map(rows.map(({ key, chunk }) => [key, chunk])));
    }
    return all.map(({ scopeId, keys }) =>
      keys.flatMap((key) => {
        const chunk = found.get(scopeId)!.get(key);
        return chunk === undefined ? [] : [{ key, chunk }];
      }),
    );
  }

  function add(scopeId: number, key: string, category: string, known: KnownChunk): void {
    setBounded(kept, `${scopeId} ${key}`, { ...known, category }, MAX_KEPT);
  }

  return {
    add,
    /** Returns the chunks of the category that a sensor of the scope has uploaded, by their hashes. */
    async find(scopeId: number, category: Category, hashes: string[]): Promise<Map<string, KnownChunk>> {
      const missing = hashes.map(keyOf).filter((key) => !kept.has(`${scopeId} ${key}`));
      const rows = missing.length === 0 ? [] : await reads.add({ scopeId, keys: missing });
      const facts = await packs.factsOf(rows.map(({ chunk }) => chunk));
      const read = new Map<string, KnownChunk & { category: string }>();
      for (const { key, chunk } of rows) {
        const pack = facts.get(packOf(chunk));
        const chunkFacts = pack?.chunks[placeOf(chunk)];
        // Of a lost pack, the sensor uploads the chunks again.
        if (!pack || !chunkFacts) continue;
        const known = { ...chunkFacts, chunk };
        read.set(key, { ...known, category: pack.category });
        add(scopeId, key, pack.category, known);
      }
      const found = new Map<string, KnownChunk>();
      for (const hash of hashes) {
        const key = keyOf(hash);
        const known = read.get(key) ?? kept.get(`${scopeId} ${key}`);
        if (known?.category === category) found.set(hash, known);
      }
      return found;
    },
  };
}

export type KnownChunks = ReturnType<typeof openKnownChunks>;
