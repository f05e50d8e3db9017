// Packs in SQL, and where each chunk is.
import { forSomeRows, forSomeValues } from "../../db/batches.ts";
import type { Database } from "../../db/schema.ts";
import type { InventoryPackTable } from "../../db/schema-inventory.ts";

/** The key of a chunk or a root: the first half of its SHA-256, in hex. */
export function keyOf(sha256: string): string {
  return sha256.slice(0, 32);
}

export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, "hex");
}

export function keyOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Like `forSomeValues`, with keys as the columns of the database have them. */
export async function forSomeKeys<Row>(
  keys: Iterable<string>,
  run: (some: Uint8Array[]) => Promise<Row[]>,
): Promise<Row[]> {
  return await forSomeValues(keys, (some) => run(some.map(keyBytes)));
}

export async function listPackFacts(db: Database, ids: Iterable<number>) {
  return await forSomeValues(ids, (some) =>
    db
      .selectFrom("inventoryPack")
      .select(["id", "category", "chunks", "depth"])
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

export async function insertPacks(db: Database, packs: InventoryPackTable[]): Promise<void> {
  await forSomeRows(packs, (some) => db.insertInto("inventoryPack").values(some).execute());
}

/** Returns the chunks that are stored, for any scope, with the scope of the first upload. */
export async function listStoredChunks(db: Database, keys: Iterable<string>) {
  const rows = await forSomeKeys(keys, (some) =>
    db.selectFrom("inventoryChunk").selectAll().where("hash", "in", some).execute(),
  );
  return rows.map(({ hash, ...row }) => ({ ...row, key: keyOfBytes(hash) }));
}

/** Returns the chunks that a sensor of the scope has uploaded. */
export async function listChunksOfScope(db: Database, scopeId: number, keys: Iterable<string>) {
  const rows = await forSomeKeys(keys, (some) =>
    db
      .selectFrom("inventoryChunk")
      .select(["hash", "chunk"])
      .where("hash", "in", some)
      .where((eb) =>
        eb.or([
          eb("scopeId", "=", scopeId),
          eb.exists(
            eb
              .selectFrom("inventoryChunkScope")
              .select("inventoryChunkScope.hash")
              .where("inventoryChunkScope.scopeId", "=", scopeId)
              .whereRef("inventoryChunkScope.hash", "=", "inventoryChunk.hash"),
          ),
        ]),
      )
      .execute(),
  );
  return rows.map(({ hash, chunk }) => ({ key: keyOfBytes(hash), chunk }));
}

/**
 * Stores where chunks are. Returns the keys that another server has not stored meanwhile. Sorts the rows, so
 * that two servers with the same chunks do not deadlock.
 */
export async function insertChunks(
  db: Database,
  chunks: { key: string; chunk: number; scopeId: number }[],
): Promise<Set<string>> {
  const rows = chunks.toSorted(byKey).map(({ key, ...row }) => ({ ...row, hash: keyBytes(key) }));
  const inserted = await forSomeRows(rows, (some) =>
    db
      .insertInto("inventoryChunk")
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .returning("hash")
      .execute(),
  );
  return new Set(inserted.map(({ hash }) => keyOfBytes(hash)));
}

/** Marks chunks as uploaded in another scope than their first one. */
export async function insertChunkScopes(
  db: Database,
  chunks: { key: string; scopeId: number }[],
): Promise<void> {
  const rows = chunks.toSorted(byKey).map(({ key, scopeId }) => ({ scopeId, hash: keyBytes(key) }));
  await forSomeRows(rows, (some) =>
    db
      .insertInto("inventoryChunkScope")
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}

function byKey(one: { key: string }, other: { key: string }): number {
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}
