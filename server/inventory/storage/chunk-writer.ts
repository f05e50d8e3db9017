// Stores uploaded chunks by group commit: uploads that arrive together share one transaction, and a chunk
// that many hosts upload at once is stored once.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { openBatcher, type Waiting } from "../../batcher.ts";
import type { Database } from "../../db/schema.ts";
import type { InventoryPackTable } from "../../db/schema-inventory.ts";
import { inTransaction } from "../../db/transaction.ts";
import { type ChunkList, chunkOf, PACK_CHUNKS, packOf } from "./chunk-list.ts";
import type { KnownChunks } from "./known-chunks.ts";
import { type ChunkFacts, compressTexts, encodeFacts } from "./pack.ts";
import type { PackIds } from "./pack-ids.ts";
import type { Packs } from "./packs.ts";
import { insertChunkScopes, insertChunks, insertPacks, keyOf, listStoredChunks } from "./packs-store.ts";
import { writeVarints } from "./varints.ts";

export interface NewChunk extends ChunkFacts {
  hash: string;
  /** See `packedText`. */
  text: string;
}

export interface Upload {
  scopeId: number;
  category: Category;
  chunks: NewChunk[];
  /** The chunks of a similar host. */
  base: ChunkList | undefined;
}

/** Characters of the texts of one batch, so that writing it does not block other requests for long. */
const MAX_BATCH_CHARACTERS = 1_000_000;
/** Unnoticeable for a sensor, and long enough for others to join. */
const PACE_MS = 5;
/** Packs are read one after the other down to the last base, so that chains stay short. */
const MAX_DEPTH = 4;
/** Characters of a pack, and of its base. */
const MAX_PACK_CHARACTERS = 1_000_000;

/** A pack that is not stored yet. */
interface NewPack {
  row: InventoryPackTable;
  scopeId: number;
  chunks: NewChunk[];
}

export function openChunkWriter(db: Database, parts: { packs: Packs; known: KnownChunks; ids: PackIds }) {
  const { packs, known, ids } = parts;
  const batcher = openBatcher<Upload, true>({
    ...{ running: 1, paceMs: PACE_MS, take: takeBatch, work: write },
  });

  async function write(uploads: Upload[]): Promise<(true | Error)[]> {
    const keys = uploads.flatMap(({ chunks }) => chunks.map(({ hash }) => keyOf(hash)));
    const scopeOf = new Map((await listStoredChunks(db, keys)).map(({ key, scopeId }) => [key, scopeId]));
    const shared: { key: string; scopeId: number }[] = [];
    const added: NewPack[] = [];
    const outcomes: (true | Error)[] = [];
    for (const upload of uploads) {
      const { scopeId } = upload;
      const fresh: NewChunk[] = [];
      for (const chunk of upload.chunks) {
        const first = scopeOf.get(keyOf(chunk.hash));
        if (first === undefined) fresh.push(chunk);
        else if (first !== scopeId) shared.push({ key: keyOf(chunk.hash), scopeId });
      }
      try {
        added.push(...(await packsOf(upload, fresh)));
        for (const { hash } of fresh) scopeOf.set(keyOf(hash), scopeId);
        outcomes.push(true);
      } catch (error) {
        outcomes.push(error as Error);
      }
    }
    await store(added, shared);
    return outcomes;
  }

  async function packsOf(upload: Upload, fresh: NewChunk[]): Promise<NewPack[]> {
    const made: NewPack[] = [];
    for (const chunks of slicesOf(fresh)) {
      const base = await shallowBase(upload, chunks);
      const texts = await packs.readTexts(base);
      const facts = await packs.factsOf(base);
      const row = {
        id: await ids.next(),
        category: upload.category,
        chunks: encodeFacts(chunks),
        base: writeVarints(base),
        depth: Math.max(-1, ...[...facts.values()].map(({ depth }) => depth)) + 1,
        content: await compressTexts(
          chunks.map(({ text }) => text),
          texts,
        ),
      };
      made.push({ row, scopeId: upload.scopeId, chunks });
    }
    return made;
  }

  /** Returns the base's chunks of the same buckets, as far as their packs are not too deep or too long. */
  async function shallowBase({ base }: Upload, chunks: NewChunk[]): Promise<number[]> {
    const candidates = chunks.flatMap(({ bucket }) => base?.get(bucket) ?? []);
    const facts = await packs.factsOf(candidates);
    let characters = 0;
    return candidates.filter((chunk) => {
      const pack = facts.get(packOf(chunk))!;
      if (pack.depth >= MAX_DEPTH) return false;
      characters += pack.chunks[chunk % PACK_CHUNKS]!.sizeBytes;
      return characters <= MAX_PACK_CHARACTERS;
    });
  }

  async function store(added: NewPack[], shared: { key: string; scopeId: number }[]): Promise<void> {
    const rows = added.flatMap(({ row, scopeId, chunks }) =>
      chunks.map(({ hash, bucket, itemCount, sizeBytes }, place) => ({
        ...{ key: keyOf(hash), chunk: chunkOf(row.id, place), scopeId, category: row.category },
        ...{ bucket, itemCount, sizeBytes },
      })),
    );
    if (rows.length + shared.length === 0) return;
    const inserted = await inTransaction(db, async (tx) => {
      await insertPacks(
        tx,
        added.map(({ row }) => row),
      );
      const keys = await insertChunks(
        tx,
        rows.map(({ key, chunk, scopeId }) => ({ key, chunk, scopeId })),
      );
      // Another server stored the others first, perhaps for another scope.
      const late = rows.filter(({ key }) => !keys.has(key));
      await insertChunkScopes(tx, distinct([...shared, ...late]));
      return keys;
    });
    for (const { row, chunks } of added)
      packs.keep(
        row.id,
        { category: row.category, chunks: chunks.map(factsOfChunk), depth: row.depth },
        chunks.map(({ text }) => text),
      );
    for (const { key, scopeId, category, ...chunk } of rows)
      if (inserted.has(key)) known.add(scopeId, key, category, chunk);
  }

  return { add: (upload: Upload): Promise<true> => batcher.add(upload) };
}

function factsOfChunk({ bucket, itemCount, sizeBytes }: NewChunk): ChunkFacts {
  return { bucket, itemCount, sizeBytes };
}

/** Splits chunks into those of one pack each. */
function slicesOf(chunks: NewChunk[]): NewChunk[][] {
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

function takeBatch<W extends Waiting<Upload, true>>(waiting: W[]): { batch: W[]; rest: W[] } {
  let characters = 0;
  const end = waiting.findIndex(({ request }, index) => {
    characters += request.chunks.reduce((sum, { text }) => sum + text.length, 0);
    return index > 0 && characters > MAX_BATCH_CHARACTERS;
  });
  return end < 0 ? { batch: waiting, rest: [] } : { batch: waiting.slice(0, end), rest: waiting.slice(end) };
}

/** A statement may insert a row only once. */
function distinct(chunks: { key: string; scopeId: number }[]): { key: string; scopeId: number }[] {
  return [...new Map(chunks.map(({ key, scopeId }) => [`${scopeId} ${key}`, { key, scopeId }])).values()];
}
