// Asset groups in SQL. A deleted group keeps its row, because tokens still refer to it.
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import { byNumber, byText, contains, keysetPage } from "../db/keyset.ts";
import type { AssetGroupTable, Database } from "../db/schema.ts";
import { type Place, statement } from "../db/statement.ts";

const columns = [
  "assetGroup.id",
  "assetGroup.name",
  "assetGroup.createdAt",
  "assetGroup.assets",
  "user.name as createdBy",
] as const;

const validTokens = (now: number) => sql<number>`(select count(*) from enrollment_token
    where enrollment_token.asset_group_id = asset_group.id
      and enrollment_token.deleted_at is null and enrollment_token.revoked_at is null
      and (enrollment_token.expires_at is null or enrollment_token.expires_at > ${now}))`;

function groupsWithCounts(db: Database, now: number) {
  return db
    .selectFrom("assetGroup")
    .innerJoin("user", "user.id", "assetGroup.createdBy")
    .select([...columns, validTokens(now).as("enrollmentTokens")])
    .where("assetGroup.deletedAt", "is", null);
}

function sorts(now: number) {
  return {
    name: byText(sql<string>`asset_group.name_key`),
    createdAt: byNumber(sql<number>`asset_group.created_at`),
    createdBy: byText(sql<string>`"user".name_key`),
    assets: byNumber(sql<number>`asset_group.assets`),
    enrollmentTokens: byNumber(validTokens(now)),
  };
}

export interface GroupPage {
  q?: string | undefined;
  sort: keyof ReturnType<typeof sorts>;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  count?: "exact" | undefined;
}

export async function pageOfGroups(db: Database, now: number, page: GroupPage) {
  const { q, sort } = page;
  return await keysetPage(
    db,
    { ...page, sort: sorts(now)[sort], sortName: sort, id: sql<string>`asset_group.id` },
    (tx) => {
      let query = tx
        .selectFrom("assetGroup")
        .innerJoin("user", "user.id", "assetGroup.createdBy")
        .where("assetGroup.deletedAt", "is", null);
      if (q) query = query.where(contains(sql<string>`asset_group.name_key`, q));
      return { query, isWalked: false };
    },
    (tx, some) => groupsWithCounts(tx, now).where("assetGroup.id", "in", some).execute(),
  );
}

export async function findGroup(db: Database, now: number, id: string) {
  return await groupsWithCounts(db, now).where("assetGroup.id", "=", id).executeTakeFirst();
}

const lockById = statement((db, place: Place<{ id: string }>) =>
  lockRows(
    db,
    db.selectFrom("assetGroup").selectAll().where("id", "=", place("id")).where("deletedAt", "is", null),
  ).compile(),
);

/** Locks the group's row until the transaction ends, so that the group can't be deleted in the meantime. */
export async function lockGroup(tx: Database, id: string): Promise<AssetGroupTable | undefined> {
  return (await lockById(tx, { id }))[0];
}

/** The same for the group with this name. */
export async function lockGroupNamed(tx: Database, nameKey: string): Promise<AssetGroupTable | undefined> {
  const query = tx.selectFrom("assetGroup").selectAll().where("nameKey", "=", nameKey);
  return await lockRows(tx, query.where("deletedAt", "is", null)).executeTakeFirst();
}

/** Locks the rows of those groups that exist, in the order of their ids. */
export async function lockGroups(tx: Database, ids: readonly string[]) {
  return await forSomeValues(ids.toSorted(), (some) =>
    lockRows(
      tx,
      tx
        .selectFrom("assetGroup")
        .select(["id", "name"])
        .where("id", "in", some)
        .where("deletedAt", "is", null)
        .orderBy("id"),
    ).execute(),
  );
}

/** Finds a group by its id or by its name. */
export async function findGroupBy(db: Database, by: Partial<Pick<AssetGroupTable, "id" | "nameKey">>) {
  let query = db.selectFrom("assetGroup").select(["id", "name"]).where("deletedAt", "is", null);
  for (const [column, value] of Object.entries(by))
    query = query.where(column as keyof typeof by, "=", value);
  return await query.executeTakeFirst();
}

/** Returns false if a group has the name. */
export async function insertGroupUnlessNamed(tx: Database, group: AssetGroupTable): Promise<boolean> {
  const insert = tx.insertInto("assetGroup").values(group);
  const { numInsertedOrUpdatedRows } = await insert
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

export async function insertGroup(tx: Database, group: AssetGroupTable): Promise<void> {
  await tx.insertInto("assetGroup").values(group).execute();
}

export async function updateGroupName(
  tx: Database,
  id: string,
  name: string,
  nameKey: string,
): Promise<void> {
  await tx.updateTable("assetGroup").set({ name, nameKey }).where("id", "=", id).execute();
}

/** From now on, its assets count as assets without a group. */
export async function markGroupDeleted(tx: Database, id: string, deletedAt: number): Promise<void> {
  await tx.updateTable("assetGroup").set({ deletedAt }).where("id", "=", id).execute();
}
