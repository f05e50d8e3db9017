// Manifests in SQL: the list of chunks of a category's content, for each scope that has reported it.
import { type Insertable, type Selectable, sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import { jsonRows, rowsByKeys } from "../../db/dialect.ts";
import type { Database } from "../../db/schema.ts";
import type { InventoryManifestTable } from "../../db/schema-inventory.ts";
import { statement } from "../../db/statement.ts";
import { hexOf } from "./packs-store.ts";

/** Returns the id of a scope, and creates it if it is new. */
export async function getScopeId(db: Database, assetGroupId: string): Promise<number> {
  const find = () =>
    db.selectFrom("inventoryScope").select("id").where("assetGroupId", "=", assetGroupId).executeTakeFirst();
  const found = await find();
  if (found) return found.id;
  await db
    .insertInto("inventoryScope")
    .values({ assetGroupId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await find())!.id;
}

export interface ManifestKey {
  scopeId: number;
  category: string;
  /** See `keyOf`. */
  root: string;
}

type StoredKey = Pick<Selectable<InventoryManifestTable>, "id" | "scopeId" | "category" | "root">;

const manifestsOf = statement<{ roots: string }, StoredKey>((db, place) =>
  sql<StoredKey>`
    select id, scope_id, category, root
    from ${rowsByKeys(db, "inventory_manifest", "root", place("roots"))} as stored`.compile(db),
);

/** Returns the manifests of these roots, of all scopes and categories. */
export async function listManifests(db: Database, roots: readonly string[]) {
  if (roots.length === 0) return [];
  const rows = await manifestsOf(db, { roots: JSON.stringify(roots) });
  return rows.map((row) => ({ ...row, root: hexOf(row.root) }));
}

export type NewManifest = Omit<Insertable<InventoryManifestTable>, "root"> & ManifestKey;

// Sorted, so that two servers with the same manifests do not deadlock.
const insertManifestRows = statement<{ manifests: string }, StoredKey>((db, place) =>
  sql<StoredKey>`
    insert into inventory_manifest
      (scope_id, category, root, base_id, chunks, item_count, total_items, gaps)
    select scope_id, category, root, base_id, chunks, item_count, total_items, gaps
    from ${jsonRows(db, place("manifests"), {
      ...{ scope_id: "bigint", category: "text", root: "bytes", base_id: "bigint", chunks: "bytes" },
      ...{ item_count: "bigint", total_items: "bigint", gaps: "text" },
    })} as added where true order by root
    on conflict do nothing returning id, scope_id, category, root`.compile(db),
);

/** Returns the ids. Leaves out those that are stored. */
export async function insertManifests(db: Database, manifests: readonly NewManifest[]) {
  if (manifests.length === 0) return [];
  const added = manifests.map(({ scopeId, category, root, baseId, chunks, itemCount, totalItems, gaps }) => ({
    ...{ scope_id: scopeId, category, root, base_id: baseId, chunks: hexOf(chunks) },
    ...{ item_count: itemCount, total_items: totalItems, gaps },
  }));
  const rows = await insertManifestRows(db, { manifests: JSON.stringify(added) });
  return rows.map((row) => ({ ...row, root: hexOf(row.root) }));
}

/** Returns the lists of manifests, without their bases. */
export async function listChunkLists(db: Database, ids: Iterable<number>) {
  return await forSomeValues(ids, (some) =>
    db.selectFrom("inventoryManifest").select(["id", "baseId", "chunks"]).where("id", "in", some).execute(),
  );
}

/** Returns the ids of the newest complete lists of a category, newest first. */
export async function listNewestBases(db: Database, category: string, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom("inventoryManifest")
    .select("id")
    .where("category", "=", category)
    .where("baseId", "is", null)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}
