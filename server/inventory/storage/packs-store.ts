// Packs in SQL, and where each chunk is.
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import { jsonRows, rowsByKeys } from "../../db/dialect.ts";
import type { Database } from "../../db/schema.ts";
import { type InventoryChunkTable, type InventoryPackTable, PACK_CHUNKS } from "../../db/schema-inventory.ts";
import { statement } from "../../db/statement.ts";

/** The key of a chunk or a root: the first half of its SHA-256, in hex. */
export function keyOf(sha256: string): string {
  return sha256.slice(0, 32);
}

/** Bytes in hex, as the statements take them and as keys are. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

export async function listPackFacts(db: Database, ids: Iterable<number>) {
  return await forSomeValues(ids, (some) =>
    db
      .selectFrom("inventoryPack")
      .select(["id", "categories", "chunks", "depth"])
      .where("id", "in", some)
      .execute(),
  );
}

export async function listPackRows(db: Database, ids: Iterable<number>): Promise<InventoryPackTable[]> {
  return await forSomeValues(ids, (some) =>
    db.selectFrom("inventoryPack").selectAll().where("id", "in", some).execute(),
  );
}

/** Reserves as many ids. Returns the first one. */
export async function reservePackIds(db: Database, count: number): Promise<number> {
  const { next } = await db
    .updateTable("inventoryPackNumber")
    .set((eb) => ({ next: eb("next", "+", count) }))
    .where("id", "=", 1)
    .returning("next")
    .executeTakeFirstOrThrow();
  return next - count;
}

const insertPackRows = statement<{ packs: string }, never>((db, place) =>
  sql<never>`
    insert into inventory_pack (id, categories, chunks, base, depth, content)
    select id, categories, chunks, base, depth, content from ${jsonRows(db, place("packs"), {
      ...{
        id: "bigint",
        categories: "text",
        chunks: "bytes",
        base: "bytes",
        depth: "bigint",
        content: "bytes",
      },
    })} as pack`.compile(db),
);

export async function insertPacks(db: Database, packs: InventoryPackTable[]): Promise<void> {
  if (packs.length === 0) return;
  const rows = packs.map(({ chunks, base, content, ...pack }) => ({
    ...{ ...pack, chunks: hexOf(chunks), base: hexOf(base), content: hexOf(content) },
  }));
  await insertPackRows(db, { packs: JSON.stringify(rows) });
}

/** The pack of the row `inventory_chunk` exists. Reads no other pack, which `exists` may do. */
const hasPack = sql<SqlBool>`(select id from inventory_pack
  where inventory_pack.id = inventory_chunk.chunk / ${sql.lit(PACK_CHUNKS)}) is not null`;

const chunksOf = statement<{ keys: string }, InventoryChunkTable>((db, place) =>
  db
    .selectFrom(chunksByKeys(db, place("keys")))
    .selectAll()
    .where(hasPack)
    .compile(),
);

function chunksByKeys(db: Database, keys: RawBuilder<string>) {
  const rows = rowsByKeys(db, "inventory_chunk", "hash", keys) as RawBuilder<InventoryChunkTable>;
  return rows.as<"inventoryChunk">("inventoryChunk");
}

/**
 * Returns the chunks that are stored, for any scope, with the scope of the first upload. A chunk of a lost
 * pack is not stored.
 */
export async function listStoredChunks(db: Database, keys: readonly string[]) {
  if (keys.length === 0) return [];
  const rows = await chunksOf(db, { keys: JSON.stringify(keys) });
  return rows.map(({ hash, ...row }) => ({ ...row, key: hexOf(hash) }));
}

const chunksOfScope = statement<{ scopeId: number; keys: string }, Omit<InventoryChunkTable, "scopeId">>(
  (db, place) =>
    db
      .selectFrom(chunksByKeys(db, place("keys")))
      .select(["hash", "chunk"])
      .where((eb) =>
        eb.or([
          eb("scopeId", "=", place("scopeId")),
          eb.exists(
            eb
              .selectFrom("inventoryChunkScope")
              .select("inventoryChunkScope.hash")
              .where("inventoryChunkScope.scopeId", "=", place("scopeId"))
              .whereRef("inventoryChunkScope.hash", "=", "inventoryChunk.hash"),
          ),
        ]),
      )
      .compile(),
);

/** Returns the chunks that a sensor of the scope has uploaded. */
export async function listChunksOfScope(db: Database, scopeId: number, keys: readonly string[]) {
  if (keys.length === 0) return [];
  const rows = await chunksOfScope(db, { scopeId, keys: JSON.stringify(keys) });
  return rows.map(({ hash, chunk }) => ({ key: hexOf(hash), chunk }));
}

// Sorted, so that two servers with the same chunks do not deadlock.
const insertChunkRows = statement<{ chunks: string }, { hash: Uint8Array }>((db, place) =>
  sql<{ hash: Uint8Array }>`
    insert into inventory_chunk (hash, chunk, scope_id)
    select hash, chunk, scope_id from ${jsonRows(db, place("chunks"), {
      ...{ hash: "bytes", chunk: "bigint", scope_id: "bigint" },
    })} as added where true order by hash
    on conflict (hash) do update set chunk = excluded.chunk, scope_id = excluded.scope_id
      where not ${hasPack}
    returning hash`.compile(db),
);

/**
 * Stores where chunks are. Returns the keys that another server has not stored meanwhile. A chunk whose pack
 * is lost moves to the new one.
 */
export async function insertChunks(
  db: Database,
  chunks: readonly { key: string; chunk: number; scopeId: number }[],
): Promise<Set<string>> {
  if (chunks.length === 0) return new Set();
  const rows = chunks.map(({ key, chunk, scopeId }) => ({ hash: key, chunk, scope_id: scopeId }));
  const inserted = await insertChunkRows(db, { chunks: JSON.stringify(rows) });
  return new Set(inserted.map(({ hash }) => hexOf(hash)));
}

const insertChunkScopeRows = statement<{ chunks: string }, never>((db, place) =>
  sql<never>`
    insert into inventory_chunk_scope (scope_id, hash)
    select scope_id, hash from ${jsonRows(db, place("chunks"), { scope_id: "bigint", hash: "bytes" })} as added
    where true order by scope_id, hash
    on conflict do nothing`.compile(db),
);

/** Marks chunks as uploaded in another scope than their first one. */
export async function insertChunkScopes(
  db: Database,
  chunks: readonly { key: string; scopeId: number }[],
): Promise<void> {
  if (chunks.length === 0) return;
  const rows = chunks.map(({ key, scopeId }) => ({ scope_id: scopeId, hash: key }));
  await insertChunkScopeRows(db, { chunks: JSON.stringify(rows) });
}
