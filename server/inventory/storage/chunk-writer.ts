// Stores uploaded chunks in packs. A chunk that many hosts upload to a server at once is stored once.
import type { Database } from "../../db/schema.ts";
import { type InventoryPackTable, PACK_CHUNKS } from "../../db/schema-inventory.ts";
import { openTurns } from "../../turns.ts";
import { chunkOf, packOf, placeOf } from "./chunk-list.ts";
import { nameOf, packKeysOf } from "./chunk-names.ts";
import type { KnownChunks } from "./known-chunks.ts";
import { type ChunkFacts, compressTexts, encodeFacts } from "./pack.ts";
import type { PackIds } from "./pack-ids.ts";
import { type Packs, unlessDamaged } from "./packs.ts";
import { insertChunkScopes, insertPacks, type SharedChunk } from "./packs-store.ts";
import { writeVarints } from "./varints.ts";

export interface NewChunk extends ChunkFacts {
  hash: string;
  /** See `textOfItems`. */
  text: string;
  /** The chunk of the same bucket of a similar host. */
  base: number | undefined;
}

/** What one request uploads, of any categories. */
export interface Upload {
  scopeId: number;
  chunks: NewChunk[];
}

/** An uploaded chunk, with its number. */
export interface StoredChunk {
  chunk: number;
  text: string;
}

/** Packs are read one after the other down to the last base, so that chains stay short. */
const MAX_DEPTH = 4;
/** Characters of a pack, and of its base. */
const MAX_PACK_CHARACTERS = 1_000_000;
/** A category with more is not packed together with others: reading them would take as long as reading it. */
const MAX_SHARED_CHARACTERS = 50_000;

/** A pack that is not stored yet. */
interface NewPack {
  row: InventoryPackTable;
  chunks: NewChunk[];
}

export function openChunkWriter(parts: { packs: Packs; known: KnownChunks; ids: PackIds }) {
  const { packs, known, ids } = parts;

  /** Prepares what a transaction inserts. An upload that cannot be stored has an Error as its outcome. */
  async function prepare(uploads: readonly Upload[]) {
    const stored = new Map<string, { chunk: number; scopes: readonly number[] }>();
    const texts = new Map(uploads.flatMap(({ chunks }) => chunks.map(({ hash, text }) => [hash, text])));
    const shared = new Map<string, SharedChunk>();
    const added: NewPack[] = [];
    const outcomes: (true | Error)[] = [];
    const turns = openTurns("write");
    for (const upload of uploads) {
      if (turns.isOver()) await turns.next();
      const { scopeId } = upload;
      const fresh: NewChunk[] = [];
      for (const chunk of upload.chunks) {
        const name = nameOf(chunk.hash);
        // What other servers have stored since the sensor asked is stored again, in little more room.
        const first = stored.get(name) ?? known.findAny(name);
        if (first === undefined) {
          fresh.push(chunk);
          continue;
        }
        stored.set(name, first);
        if (!first.scopes.includes(scopeId))
          shared.set(`${scopeId} ${name}`, { chunk: first.chunk, scopeId, name });
      }
      try {
        const made = await packsOf(upload, fresh);
        for (const { row, chunks } of made)
          for (const [place, { hash }] of chunks.entries())
            stored.set(nameOf(hash), { scopes: [scopeId], chunk: chunkOf(row.id, place) });
        added.push(...made);
        outcomes.push(true);
      } catch (error) {
        outcomes.push(error as Error);
      }
    }
    return {
      outcomes,
      /** Returns where an uploaded chunk is after the transaction. */
      chunkOf: (hash: string): StoredChunk => ({
        chunk: stored.get(nameOf(hash))!.chunk,
        text: texts.get(hash)!,
      }),
      ...insertionOf(added, [...shared.values()]),
    };
  }

  async function packsOf(upload: Upload, fresh: NewChunk[]): Promise<NewPack[]> {
    const made: NewPack[] = [];
    for (const chunks of slicesOf(fresh)) {
      const similar = await shallowBase(chunks);
      const read = await unlessDamaged(packs.readTexts(similar), undefined);
      const [base, texts] = read ? [similar, read] : [[], []];
      const facts = await packs.factsOf(base);
      const row = {
        ...{ id: await ids.next(), scopeId: upload.scopeId, names: namesOf(chunks) },
        ...encodeFacts(chunks),
        base: writeVarints(base),
        depth: Math.max(-1, ...[...facts.values()].map(({ depth }) => depth)) + 1,
        content: await compressTexts(
          chunks.map(({ text }) => text),
          texts,
        ),
      };
      made.push({ row, chunks });
    }
    return made;
  }

  /** Returns the base's chunks of the same buckets, as far as their packs are not too deep or too long. */
  async function shallowBase(chunks: NewChunk[]): Promise<number[]> {
    const candidates = chunks.flatMap(({ base }) => base ?? []);
    const facts = await packs.factsOf(candidates);
    let characters = 0;
    return candidates.filter((chunk) => {
      const pack = facts.get(packOf(chunk));
      if (!pack || pack.depth >= MAX_DEPTH) return false;
      characters += pack.chunks[placeOf(chunk)]?.sizeBytes ?? 0;
      return characters <= MAX_PACK_CHARACTERS;
    });
  }

  function insertionOf(added: NewPack[], shared: SharedChunk[]) {
    const keys = new Map<string, number>();
    for (const { row, chunks } of added)
      for (const key of packKeysOf(
        row.scopeId,
        chunks.map(({ hash }) => nameOf(hash)),
      ))
        keys.set(key, row.id);
    return {
      async insert(tx: Database): Promise<void> {
        const rows = added.map(({ row }) => row);
        await insertPacks(tx, rows, keys);
        await insertChunkScopes(tx, shared);
      },
      /** Makes the inserted chunks known. */
      committed(): void {
        for (const { row, chunks } of added) {
          const facts = chunks.map(factsOfChunk);
          const texts = chunks.map(({ text }) => text);
          packs.keep(row.id, { chunks: facts, depth: row.depth }, texts);
          for (const [place, { hash }] of chunks.entries())
            known.add(row.scopeId, nameOf(hash), { ...facts[place]!, chunk: chunkOf(row.id, place) });
        }
      },
    };
  }

  return { prepare };
}

export type ChunkWriter = ReturnType<typeof openChunkWriter>;

function factsOfChunk({ category, bucket, itemCount, sizeBytes }: NewChunk): ChunkFacts {
  return { category, bucket, itemCount, sizeBytes };
}

/** Splits the chunks of an upload into those of one pack each. */
function slicesOf(chunks: NewChunk[]): NewChunk[][] {
  const charactersOf = (some: NewChunk[]) => some.reduce((sum, { text }) => sum + text.length, 0);
  const categories = [...Map.groupBy(chunks, ({ category }) => category).values()];
  const [large, small] = [true, false].map((isLarge) =>
    categories.filter((some) => charactersOf(some) > MAX_SHARED_CHARACTERS === isLarge),
  );
  return [...large!, small!.flat()].flatMap(slicesOfOne);
}

function slicesOfOne(chunks: NewChunk[]): NewChunk[][] {
  const slices: NewChunk[][] = [];
  let characters = 0;
  for (const chunk of chunks) {
    const last = slices.at(-1);
    characters += chunk.text.length;
    if (last && last.length < PACK_CHUNKS && characters <= MAX_PACK_CHARACTERS) last.push(chunk);
    else {
      slices.push([chunk]);
      characters = chunk.text.length;
    }
  }
  return slices;
}

function namesOf(chunks: NewChunk[]): Uint8Array {
  return Buffer.from(chunks.map(({ hash }) => nameOf(hash)).join(""), "hex");
}
