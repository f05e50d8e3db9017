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

/** Removes the identifiers of an asset unless it has a sensor that is approved and live. */
export async function deleteIdentifiersUnlessLive(tx: Database, assetId: string): Promise<void> {
  await tx
    .deleteFrom("assetIdentifier")
    .where("assetId", "=", assetId)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("sensor")
            .select("sensor.id")
            .where("sensor.assetId", "=", assetId)
            .where("awaitingApproval", "=", 0)
            .where("deletedAt", "is", null)
            .where("uninstalledAt", "is", null)
            .where("removedAt", "is", null)
            .where("replacedAt", "is", null),
        ),
      ),
    )
    .execute();
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
