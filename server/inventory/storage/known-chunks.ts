// Finds stored chunks by their names, and remembers them: a chunk never moves, and a scope never loses one.
// What it knows of a pack is complete, because the database does not find every chunk alone (`packKeysOf`).
import { openBatcher } from "../../batcher.ts";
import { setBounded } from "../../bounded-map.ts";
import type { Database } from "../../db/schema.ts";
import { openTurns } from "../../turns.ts";
import { chunkOf, packOf, placeOf } from "./chunk-list.ts";
import { nameOf, packKeyOf, splitNames } from "./chunk-names.ts";
import { type ChunkFacts, decodeFacts } from "./pack.ts";
import type { Packs } from "./packs.ts";
import { findPacks } from "./packs-store.ts";

export interface KnownChunk extends ChunkFacts {
  chunk: number;
  /** Whose sensors have uploaded it, as far as this server has seen. */
  scopes: readonly number[];
}

interface Read {
  scopeId: number;
  names: string[];
}

type ByName = Map<string, KnownChunk>;

/** The chunks of a few hundred images. */
const MAX_KEPT = 20_000;
/** Scopes of a chunk. */
const MAX_SCOPES = 20;
/** Names in a query. Each may find another pack, with the names of all its chunks. */
const MAX_NAMES = 256;

export function openKnownChunks(db: Database, packs: Packs) {
  const kept: ByName = new Map();
  const reads = openBatcher<Read, ByName>({
    ...{ running: 1, take: (waiting) => ({ batch: waiting, rest: [] }), work: readAll },
  });

  /** Lists of sensors that arrive together share queries. */
  async function readAll(all: Read[]): Promise<ByName[]> {
    const found = new Map<number, ByName>();
    for (const [scopeId, some] of Map.groupBy(all, (read) => read.scopeId))
      found.set(scopeId, await read(scopeId, [...new Set(some.flatMap(({ names }) => names))]));
    return all.map(({ scopeId }) => found.get(scopeId)!);
  }

  async function read(scopeId: number, names: string[]): Promise<ByName> {
    const found: ByName = new Map();
    const turns = openTurns("write");
    for (let start = 0; start < names.length; start += MAX_NAMES) {
      if (turns.isOver()) await turns.next();
      // Those in the packs of earlier names are known now.
      const some = names.slice(start, start + MAX_NAMES).filter((name) => !found.has(name));
      if (some.length > 0) await readSome(scopeId, some, found);
    }
    return found;
  }

  /** Adds the chunks of the packs that the names find. */
  async function readSome(scopeId: number, names: string[], found: ByName): Promise<void> {
    const keys = names.map((name) => packKeyOf(scopeId, name));
    const stored = await findPacks(db, { scopeId, names, keys });
    for (const pack of stored.packs) {
      const facts = { chunks: decodeFacts(pack), depth: pack.depth };
      packs.keepFacts(pack.id, facts);
      for (const [place, name] of splitNames(pack.names).entries()) {
        const chunk = facts.chunks[place];
        if (chunk) found.set(name, add(pack.scopeId, name, { ...chunk, chunk: chunkOf(pack.id, place) }));
      }
    }
    const facts = await packs.factsOf(stored.shared.map(({ chunk }) => chunk));
    for (const { name, chunk } of stored.shared) {
      const chunkFacts = facts.get(packOf(chunk))?.chunks[placeOf(chunk)];
      // Of a lost pack, the sensor uploads the chunks again.
      if (chunkFacts) found.set(name, add(scopeId, name, { ...chunkFacts, chunk }));
    }
  }

  /** Adds an uploaded chunk. Returns it with the scopes that have uploaded it. */
  function add(scopeId: number, name: string, chunk: ChunkFacts & { chunk: number }): KnownChunk {
    const before = kept.get(name);
    const others = before?.chunk === chunk.chunk ? before.scopes.filter((id) => id !== scopeId) : [];
    const known = { ...chunk, scopes: [scopeId, ...others.slice(0, MAX_SCOPES - 1)] };
    if (before?.chunk === chunk.chunk) kept.set(name, known);
    else setBounded(kept, name, known, MAX_KEPT);
    return known;
  }

  return {
    add,
    /** Returns a chunk that sensors of any scope have uploaded, if this server has seen it. */
    findAny: (name: string): KnownChunk | undefined => kept.get(name),
    /** Returns the chunks that a sensor of the scope has uploaded, by their hashes. */
    async find(scopeId: number, hashes: readonly string[]): Promise<Map<string, KnownChunk>> {
      const found = new Map<string, KnownChunk>();
      const missing = new Map<string, string>();
      for (const hash of hashes) {
        const name = nameOf(hash);
        const known = kept.get(name);
        if (known?.scopes.includes(scopeId)) found.set(hash, known);
        else missing.set(name, hash);
      }
      if (missing.size === 0) return found;
      const read = await reads.add({ scopeId, names: [...missing.keys()] });
      for (const [name, hash] of missing) {
        const known = read.get(name);
        if (known?.scopes.includes(scopeId)) found.set(hash, known);
      }
      return found;
    },
  };
}

export type KnownChunks = ReturnType<typeof openKnownChunks>;
