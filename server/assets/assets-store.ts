// Assets and their identifiers in SQL.
import { ASSET_TYPES } from "@attacklens/protocol/assets.ts";
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { isAmong, unindexed } from "../db/dialect.ts";
import { insertion } from "../db/insertion.ts";
import { type AnyQuery, byNumber, byText, countUpTo, keysetPage } from "../db/keyset.ts";
import { isLiveGroup, liveGroupId } from "../db/live-group.ts";
import { assetsNamed, isBeginning, isNamed } from "../db/name-search.ts";
import type { AssetIdentifierTable, AssetTable, Database } from "../db/schema.ts";
import { type Place, statement } from "../db/statement.ts";

function assets(db: Database) {
  return db
    .selectFrom("asset")
    .leftJoin("assetGroup", isLiveGroup)
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
      "asset.typeSource",
      "asset.category",
      "assetGroup.id as assetGroupId",
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
  type?: AssetTable["type"] | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  count?: "exact" | undefined;
}

/** So many assets are read and sorted for a page. */
const FEW = 2_000;

export async function pageOfAssets(db: Database, page: AssetPage) {
  const { q, sort } = page;
  return await keysetPage(
    db,
    { ...page, sort: SORTS[sort], sortName: sort, id: sql<string>`asset.id` },
    async (tx) => {
      const ids = q ? await findNamed(tx, q, FEW + 1) : undefined;
      const all = tx.selectFrom("asset").where("asset.mergedInto", "is", null);
      if (ids && ids.length <= FEW) return { query: among(tx, all, ids, page), isWalked: false };
      const parts = partsOf(all, page);
      if (!q) return { query: parts, isWalked: true };
      // An expression, for which no index is used, unless it is that of the order.
      const isInOrder = sort === "name" && isBeginning(q);
      const name = isInOrder ? sql<string>`asset.name_key` : sql<string>`(asset.name_key || '')`;
      // To count all would take longer than to read the page.
      const total = ids && (await countUpTo(tx, among(tx, all, ids.slice(0, COUNT_CAP), page), COUNT_CAP));
      const count = total === undefined ? undefined : { total, totalIsCapped: true };
      return { query: parts.map((part) => part.where(isNamed(name, q))), isWalked: true, count };
    },
    (tx, some) => assets(tx).where("asset.id", "in", some).execute(),
  );
}

/** Returns those of a few assets that match. */
function among(tx: Database, all: AnyQuery, ids: readonly string[], { q, assetGroupId, type }: AssetPage) {
  // Expressions, for which no index is used.
  let query = all.where(isAmong(tx, "asset.id", JSON.stringify(ids)));
  if (q) query = query.where(isNamed(sql<string>`(asset.name_key || '')`, q));
  if (assetGroupId)
    query = query.where(unindexed(tx, "asset.asset_group_id"), "=", liveGroupId(assetGroupId));
  return type ? query.where(unindexed(tx, "asset.type"), "=", type) : query;
}

/** Returns the parts of a list. An index has the order of each. */
function partsOf(all: AnyQuery, { assetGroupId, type }: AssetPage): AnyQuery[] {
  if (!assetGroupId) return [type ? all.where("asset.type", "=", type) : all];
  const members = all.where("asset.assetGroupId", "=", liveGroupId(assetGroupId));
  return (type ? [type] : ASSET_TYPES).map((one) => members.where("asset.type", "=", one));
}

/** Returns the ids of the first assets with a text in their names; undefined: no index finds them. */
async function findNamed(tx: Database, q: string, most: number): Promise<string[] | undefined> {
  const rows = (await assetsNamed(tx, q)?.limit(most).execute()) as { candidateId: string }[] | undefined;
  return rows?.map(({ candidateId }) => candidateId);
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

/** Removes the identifiers of the assets, unless an asset has a sensor that is approved and live. */
export async function deleteIdentifiersUnlessLive(tx: Database, assetIds: readonly string[]): Promise<void> {
  await forSomeValues(assetIds, (some) =>
    tx
      .deleteFrom("assetIdentifier")
      .where("assetId", "in", some)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom("sensor")
              .select("sensor.id")
              .whereRef("sensor.assetId", "=", "assetIdentifier.assetId")
              .where("awaitingApproval", "=", 0)
              .where("deletedAt", "is", null)
              .where("uninstalledAt", "is", null)
              .where("removedAt", "is", null)
              .where("replacedAt", "is", null),
          ),
        ),
      )
      .execute(),
  );
}

export type NewAssetRow = Omit<AssetTable, "mergedInto" | "typeSource" | "typeFacts">;

const insertAssetRows = insertion<NewAssetRow>(
  "asset",
  {
    id: "text",
    name: "text",
    nameKey: "text",
    type: "text",
    category: "text",
    assetGroupId: "text",
    createdAt: "bigint",
    tags: "text",
  },
  { shared: ["category", "assetGroupId", "tags"] },
);

export async function insertAssets(tx: Database, assets: NewAssetRow[]): Promise<void> {
  await insertAssetRows(tx, assets);
  for (const [groupId, members] of Map.groupBy(assets, ({ assetGroupId }) => assetGroupId))
    await addToCount(tx, groupId, members.length);
}

export async function updateTags(tx: Database, id: string, tags: string): Promise<void> {
  await tx.updateTable("asset").set({ tags }).where("id", "=", id).execute();
}

/** A merged asset does not count as an asset of its group. */
export async function markMerged(tx: Database, id: string, mergedInto: string): Promise<void> {
  await setMergedInto(tx, id, { mergedInto }, -1);
}

/**
 * Undoes markMerged. Both assets had the same group when they were merged. If a user has moved the other one
 * since then, its host includes this asset, so this asset follows.
 */
export async function markSeparate(tx: Database, id: string, other: string): Promise<void> {
  const { assetGroupId } = await tx
    .selectFrom("asset")
    .select("assetGroupId")
    .where("id", "=", other)
    .executeTakeFirstOrThrow();
  await setMergedInto(tx, id, { mergedInto: null, assetGroupId }, 1);
}

async function setMergedInto(
  tx: Database,
  id: string,
  columns: Pick<AssetTable, "mergedInto"> & Partial<Pick<AssetTable, "assetGroupId">>,
  added: 1 | -1,
) {
  const changed = await tx
    .updateTable("asset")
    .set(columns)
    .where("id", "=", id)
    .where("mergedInto", columns.mergedInto === null ? "is not" : "is", null)
    .returning("assetGroupId")
    .executeTakeFirst();
  if (changed) await addToCount(tx, changed.assetGroupId, added);
}

const addToGroup = statement((db, place: Place<{ groupId: string; added: number }>) =>
  db
    .updateTable("assetGroup")
    .set((eb) => ({ assets: eb("assets", "+", place("added")) }))
    .where("id", "=", place("groupId"))
    .compile(),
);

/** Counts assets that were added to a group, or removed from it. */
export async function addToCount(tx: Database, groupId: string | null, added: number): Promise<void> {
  if (groupId !== null) await addToGroup(tx, { groupId, added });
}

/** Finds a deleted group that assets still refer to. */
export async function findDeletedGroupWithAssets(db: Database): Promise<string | undefined> {
  const row = await db
    .selectFrom("assetGroup")
    .select("id")
    .where("deletedAt", "is not", null)
    .where((eb) =>
      eb.exists(
        eb.selectFrom("asset").select("asset.id").whereRef("asset.assetGroupId", "=", "assetGroup.id"),
      ),
    )
    .executeTakeFirst();
  return row?.id;
}

/** Removes up to `limit` assets from a deleted group. Returns the number of assets. */
export async function removeFromGroup(tx: Database, groupId: string, limit: number): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable("asset")
    .set({ assetGroupId: null })
    .where("id", "in", (eb) =>
      eb.selectFrom("asset").select("id").where("assetGroupId", "=", groupId).limit(limit),
    )
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
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

const IDENTIFIER = { assetId: "text", type: "text", value: "text" } as const;

/** Ignores identifiers that an asset already has. */
export const insertIdentifiers = insertion<AssetIdentifierTable>("assetIdentifier", IDENTIFIER, {
  onConflict: "skip",
});

/** The identifiers of new assets, each once. PostgreSQL takes longer if it must look for conflicts. */
export const insertFirstIdentifiers = insertion<AssetIdentifierTable>("assetIdentifier", IDENTIFIER);
