// Packs in SQL, and in which one a chunk is.
import { sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import { asHex, jsonRows, parseRows, rowsAsJson, rowsByIds, rowsByKeys } from "../../db/dialect.ts";
import type { Database } from "../../db/schema.ts";
import type { InventoryPackTable } from "../../db/schema-inventory.ts";
import { statement } from "../../db/statement.ts";

/** The key of a root: the first half of its SHA-256, in hexadecimal. */
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

const insertPackRows = statement<{ packs: string }, never>(
  (db, place) =>
    sql<never>`
    insert into inventory_pack (id, scope_id, depth, categories, names, chunks, base, content)
    select id, scope_id, depth, categories, names, chunks, base, content
    from ${jsonRows(db, place("packs"), {
      ...{ id: "bigint", scope_id: "bigint", depth: "bigint", categories: "text", names: "bytes" },
      ...{ chunks: "bytes", base: "bytes", content: "bytes" },
    })} as pack`.compile(db),
  { isUnread: true },
);

// Sorted, so that two servers with the same chunks do not deadlock.
const insertPackKeyRows = statement<{ keys: string }, never>(
  (db, place) =>
    sql<never>`
    insert into inventory_pack_key (pack_id, key)
    select pack_id, key from ${jsonRows(db, place("keys"), { pack_id: "bigint", key: "bytes" })} as added
    where true order by key
    on conflict (key) do update set pack_id = excluded.pack_id`.compile(db),
  { isUnread: true },
);

/** Stores packs that are found by these keys. A key that another pack has finds the new one. */
export async function insertPacks(
  db: Database,
  packs: readonly InventoryPackTable[],
  keys: ReadonlyMap<string, number>,
): Promise<void> {
  if (packs.length === 0) return;
  const rows = packs.map(({ scopeId, names, chunks, base, content, ...pack }) => ({
    ...{ ...pack, scope_id: scopeId, names: hexOf(names) },
    ...{ chunks: hexOf(chunks), base: hexOf(base), content: hexOf(content) },
  }));
  await insertPackRows(db, { packs: JSON.stringify(rows) });
  const keyRows = Array.from(keys, ([key, packId]) => ({ pack_id: packId, key }));
  await insertPackKeyRows(db, { keys: JSON.stringify(keyRows) });
}

const PACK_COLUMNS = ["id", "scope_id", "depth", "categories", "chunks", "names"];

interface FoundRow {
  packs: unknown;
  shared: unknown;
}

const foundOf = statement<{ scopeId: number; names: string; keys: string }, FoundRow>((db, place) => {
  const ids = sql`(select distinct pack_id as id
    from ${rowsByKeys(db, "inventory_pack_key", "key", place("keys"))} as known)`;
  const packs = sql`select id, scope_id, depth, categories, ${asHex(db, sql`chunks`)} as chunks,
    ${asHex(db, sql`names`)} as names from ${rowsByIds(db, "inventory_pack", ids)} as pack`;
  const ofScope = sql`and scope_id = ${place("scopeId")}`;
  const shared = sql`select ${asHex(db, sql`name`)} as name, chunk
    from ${rowsByKeys(db, "inventory_chunk_scope", "name", place("names"), ofScope)} as shared`;
  return sql<FoundRow>`select ${rowsAsJson(db, PACK_COLUMNS, packs)} as packs,
    ${rowsAsJson(db, ["name", "chunk"], shared)} as shared`.compile(db);
});

type PackRow = [
  ...[id: number, scopeId: number, depth: number],
  ...[categories: string, chunks: string, names: string],
];

interface Wanted {
  scopeId: number;
  /** Of chunks, in hexadecimal. */
  names: readonly string[];
  /** Those of the names, in hexadecimal. */
  keys: readonly string[];
}

/**
 * Returns the packs that these keys find, with their names in hexadecimal, and the chunks of packs of other
 * scopes that sensors of this scope have uploaded too.
 */
export async function findPacks(db: Database, { scopeId, names, keys }: Wanted) {
  const values = { scopeId, names: JSON.stringify(names), keys: JSON.stringify(keys) };
  const [found] = await foundOf(db, values);
  const packs = (parseRows(found!.packs) as PackRow[]).map(
    ([id, scopeId, depth, categories, chunks, names]) => ({
      ...{ id, scopeId, depth, categories, chunks: Buffer.from(chunks, "hex"), names },
    }),
  );
  const shared = (parseRows(found!.shared) as [name: string, chunk: number][]).map(([name, chunk]) => ({
    name,
    chunk,
  }));
  return { packs, shared };
}

const insertChunkScopeRows = statement<{ chunks: string }, never>(
  (db, place) =>
    sql<never>`
    insert into inventory_chunk_scope (chunk, scope_id, name)
    select chunk, scope_id, name from ${jsonRows(db, place("chunks"), {
      ...{ chunk: "bigint", scope_id: "bigint", name: "bytes" },
    })} as added
    where true order by scope_id, name
    on conflict (scope_id, name) do update set chunk = excluded.chunk`.compile(db),
  { isUnread: true },
);

/** A stored chunk that a sensor of another scope has uploaded. */
export interface SharedChunk {
  chunk: number;
  scopeId: number;
  name: string;
}

/** Marks chunks as uploaded in another scope than that of their pack. */
export async function insertChunkScopes(db: Database, chunks: readonly SharedChunk[]): Promise<void> {
  if (chunks.length === 0) return;
  const rows = chunks.map(({ chunk, scopeId, name }) => ({ chunk, scope_id: scopeId, name }));
  await insertChunkScopeRows(db, { chunks: JSON.stringify(rows) });
}
