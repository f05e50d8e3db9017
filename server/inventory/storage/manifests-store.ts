// Manifests in SQL: the list of chunks of a category's content, for each scope that has reported it.
import type { Insertable } from "kysely";
import { forSomeRows, forSomeValues } from "../../db/batches.ts";
import { isLiveGroup } from "../../db/live-group.ts";
import type { Database } from "../../db/schema.ts";
import type { InventoryManifestTable } from "../../db/schema-inventory.ts";
import { type Place, statement } from "../../db/statement.ts";
import { forSomeKeys, keyBytes, keyOfBytes } from "./packs-store.ts";

const scopeOf = statement((db, place: Place<{ sensorId: string }>) =>
  db
    .selectFrom("sensor")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", isLiveGroup)
    .select("assetGroup.id as assetGroupId")
    .where("sensor.id", "=", place("sensorId"))
    .compile(),
);

/** Returns the asset group of a sensor, or an empty text for a sensor without one. */
export async function findScopeName(db: Database, sensorId: string): Promise<string> {
  return (await scopeOf(db, { sensorId }))[0]?.assetGroupId ?? "";
}

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

/** Returns the manifests of these roots, of all scopes and categories. */
export async function listManifests(db: Database, roots: Iterable<string>) {
  const rows = await forSomeKeys(roots, (some) =>
    db
      .selectFrom("inventoryManifest")
      .select(["id", "scopeId", "category", "root"])
      .where("root", "in", some)
      .execute(),
  );
  return rows.map((row) => ({ ...row, root: keyOfBytes(row.root) }));
}

export type NewManifest = Omit<Insertable<InventoryManifestTable>, "root"> & ManifestKey;

/** Returns the ids. Leaves out those that are stored. */
export async function insertManifests(db: Database, manifests: NewManifest[]) {
  const sorted = manifests.toSorted((one, other) => (one.root < other.root ? -1 : 1));
  const rows = await forSomeRows(
    sorted.map((manifest) => ({ ...manifest, root: keyBytes(manifest.root) })),
    (some) =>
      db
        .insertInto("inventoryManifest")
        .values(some)
        .onConflict((conflict) => conflict.doNothing())
        .returning(["id", "scopeId", "category", "root"])
        .execute(),
  );
  return rows.map((row) => ({ ...row, root: keyOfBytes(row.root) }));
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
