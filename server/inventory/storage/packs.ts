// Reads packs with their bases, and keeps those that were used last: the same ones again and again, because
// most hosts have most chunks in common.
import type { Database } from "../../db/schema.ts";
import { packOf, placeOf } from "./chunk-list.ts";
import { type ChunkFacts, decodeFacts, decompressTexts } from "./pack.ts";
import { listPackFacts, listPackRows } from "./packs-store.ts";
import { readVarints } from "./varints.ts";

export interface PackFacts {
  chunks: ChunkFacts[];
  /** The number of packs that have to be read first. */
  depth: number;
}

interface Kept {
  facts: PackFacts;
  texts?: string[];
  characters: number;
}

/** Characters of the texts, and for each pack the size of its facts. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
const FACTS_CHARACTERS = 500;

export function openPacks(db: Database, maxCharacters = MAX_CHARACTERS) {
  const kept = new Map<number, Kept>();
  let characters = 0;

  function keep(id: number, facts: PackFacts, texts?: string[]): void {
    characters -= kept.get(id)?.characters ?? 0;
    // A Map keeps insertion order, so the pack that was used longest ago is deleted first.
    kept.delete(id);
    const added = FACTS_CHARACTERS + (texts ?? []).reduce((sum, { length }) => sum + length, 0);
    kept.set(id, { facts, ...(texts ? { texts } : {}), characters: added });
    characters += added;
    for (const [oldest, { characters: freed }] of kept) {
      if (characters <= maxCharacters || oldest === id) break;
      kept.delete(oldest);
      characters -= freed;
    }
  }

  function use(id: number): Kept | undefined {
    const found = kept.get(id);
    if (found) {
      kept.delete(id);
      kept.set(id, found);
    }
    return found;
  }

  /** Keeps what a query has returned with other rows. */
  function keepFacts(id: number, facts: PackFacts): void {
    if (!use(id)) keep(id, facts);
  }

  /** Returns what is known about the packs of the chunks, without their contents. */
  async function factsOf(chunks: Iterable<number>): Promise<Map<number, PackFacts>> {
    const facts = new Map<number, PackFacts>();
    const missing: number[] = [];
    for (const id of new Set(Array.from(chunks, packOf))) {
      const found = use(id);
      if (found) facts.set(id, found.facts);
      else missing.push(id);
    }
    for (const row of await listPackFacts(db, missing)) {
      const found = { chunks: decodeFacts(row), depth: row.depth };
      facts.set(row.id, found);
      keep(row.id, found);
    }
    return facts;
  }

  /** Returns the texts of packs, and reads their bases first. A base is always less deep, so this ends. */
  async function textsOf(ids: Set<number>): Promise<Map<number, string[]>> {
    const texts = new Map<number, string[]>();
    const missing: number[] = [];
    for (const id of ids) {
      const found = use(id)?.texts;
      if (found) texts.set(id, found);
      else missing.push(id);
    }
    const rows = (await listPackRows(db, missing)).map((row) => ({ ...row, base: readVarints(row.base) }));
    const bases = await textsOfSome(new Set(rows.flatMap(({ base }) => base.map(packOf))), texts);
    for (const { id, base, depth, content, ...stored } of rows) {
      const facts = { chunks: decodeFacts(stored), depth };
      const found = textsOfPack(id, () => {
        const dictionary = base.map((chunk) => textOf(bases, chunk));
        return decompressTexts(content, facts.chunks, dictionary);
      });
      texts.set(id, found);
      keep(id, facts, found);
    }
    return texts;
  }

  async function textsOfSome(ids: Set<number>, found: ReadonlyMap<number, string[]>) {
    const others = new Set([...ids].filter((id) => !found.has(id)));
    return new Map([...found, ...(others.size === 0 ? [] : await textsOf(others))]);
  }

  return {
    keep,
    keepFacts,
    factsOf,
    /** Returns the texts of the chunks, in their order. Throws an error for which `isDamaged` is true. */
    async readTexts(chunks: readonly number[]): Promise<string[]> {
      const texts = await textsOf(new Set(chunks.map(packOf)));
      return chunks.map((chunk) => textOf(texts, chunk));
    },
  };
}

function textOf(texts: ReadonlyMap<number, string[]>, chunk: number): string {
  const text = texts.get(packOf(chunk))?.[placeOf(chunk)];
  if (text === undefined) throw damaged(packOf(chunk));
  return text;
}

function textsOfPack(id: number, read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    throw damaged(id, error);
  }
}

const DAMAGED = "DamagedPack";

function damaged(id: number, cause?: unknown): Error {
  return Object.assign(new Error(`Pack ${id} of the inventory is missing or damaged`, { cause }), {
    name: DAMAGED,
  });
}

/** Returns true for stored content that cannot be read. Other content does not depend on it. */
export function isDamaged(error: unknown): boolean {
  return error instanceof Error && error.name === DAMAGED;
}

/** Returns the result, or the fallback for stored content that cannot be read. */
export async function unlessDamaged<T, F>(reading: Promise<T>, fallback: F): Promise<T | F> {
  try {
    return await reading;
  } catch (error) {
    if (isDamaged(error)) return fallback;
    throw error;
  }
}

export type Packs = ReturnType<typeof openPacks>;
