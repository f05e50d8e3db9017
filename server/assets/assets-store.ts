// Assets and their identifiers in SQL.
import { sql } from "kysely";
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { byNumber, byText, contains, keysetPage } from "../db/keyset.ts";
import type { AssetTable, Database } from "../db/schema.ts";

function assets(db: Database) {
  return db
    .selectFrom("asset")
    .leftJoin("assetGroup", "assetGroup.id", "asset.assetGroupId")
    .leftJoin("sensor", (join) =>
      join
        .onRef("sensor.assetId", "=", "asset.id")
        .on("sensor.deletedAt", "is", null)
        .on("sensor.uninstalledAt", "is", null)
        .on("sensor.removedAt", "is", null)
        .on("sensor.replacedAt", "is", null),
    )
    .where("asset.mergedInto", "is", null)
    .select([
      "asset.id",
      "asset.name",
      "asset.type",
      "asset.category",
      "asset.assetGroupId",
      "asset.createdAt",
      "assetGroup.name as assetGroupName",
      "sensor.id as sensorId",
      "sensor.hostname as sensorHostname",
    ]);
}

export type AssetRow = NonNullable<Awaited<ReturnType<typeof findAsset>>>;

const SORTS = {
  name: byText(sql<string>`asset.name_key`),
  createdAt: byNumber(sql<number>`asset.created_at`),
};

export interface AssetPage {
  q?: string | undefined;
  assetGroupId?: string | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

export async function pageOfAssets(db: Database, page: AssetPage) {
  const { q, assetGroupId, sort } = page;
  return await keysetPage(
    db,
    { ...page, sort: SORTS[sort], sortName: sort, id: sql<string>`asset.id` },
    (tx) => {
      let query = tx.selectFrom("asset").where("asset.mergedInto", "is", null);
      if (q) query = query.where(contains(sql<string>`asset.name_key`, q));
      if (assetGroupId) query = query.where("asset.assetGroupId", "=", assetGroupId);
      return { query, isWalked: true };
    },
    (tx, some) => assets(tx).where("asset.id", "in", some).execute(),
  );
}

export async function findAsset(db: Database, id: string) {
  return await assets(db).where("asset.id", "=", id).executeTakeFirst();
}

export async function listIdentifiers(db: Database, assetId: string) {
  return await db
    .selectFrom("assetIdentifier")
    .select(["type", "value"])
    .where("assetId", "=", assetId)
    .orderBy("type")
    .orderBy("value")
    .execute();
}

/** Assets of the group that have one of the identifiers and no sensor that still exists, the oldest first. */
export async function listFreeAssets(
  tx: Database,
  type: string,
  values: string[],
  assetGroupId: string | null,
) {
  const found = await forSomeValues(values, (some) => freeAssets(tx, type, some, assetGroupId).execute());
  return found.sort((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
}

function freeAssets(tx: Database, type: string, some: string[], assetGroupId: string | null) {
  return tx
    .selectFrom("asset")
    .innerJoin("assetIdentifier", "assetIdentifier.assetId", "asset.id")
    .select(["asset.id", "asset.createdAt", "assetIdentifier.value"])
    .where("assetIdentifier.type", "=", type)
    .where("assetIdentifier.value", "in", some)
    .where("asset.assetGroupId", assetGroupId === null ? "is" : "=", assetGroupId)
    .where("asset.mergedInto", "is", null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("sensor")
            .select("sensor.id")
            .whereRef("sensor.assetId", "=", "asset.id")
            .where("deletedAt", "is", null)
            .where("uninstalledAt", "is", null)
            .where("removedAt", "is", null)
            .where("replacedAt", "is", null),
        ),
      ),
    );
}

export async function insertAssets(tx: Database, assets: AssetTable[]): Promise<void> {
  await forSomeRows(assets, (some) => tx.insertInto("asset").values(some).execute());
}

export async function updateAsset(
  tx: Database,
  id: string,
  columns: Partial<Pick<AssetTable, "mergedInto" | "tags">>,
): Promise<void> {
  await tx.updateTable("asset").set(columns).where("id", "=", id).execute();
}

export async function listTags(tx: Database, ids: readonly string[]) {
  return await forSomeValues(ids, (some) =>
    tx.selectFrom("asset").select(["id", "tags"]).where("id", "in", some).execute(),
  );
}

export async function deleteIdentifiers(
  tx: Database,
  assetId: string,
  identifiers: { type: string; value: string }[],
): Promise<void> {
  for (const { type, value } of identifiers) {
    await tx
      .deleteFrom("assetIdentifier")
      .where("assetId", "=", assetId)
      .where("type", "=", type)
      .where("value", "=", value)
      .execute();
  }
}

export async function insertIdentifiers(
  tx: Database,
  identifiers: { assetId: string; type: string; value: string }[],
): Promise<void> {
  await forSomeRows(identifiers, (some) =>
    tx
      .insertInto("assetIdentifier")
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}
