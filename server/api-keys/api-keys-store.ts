// API keys in SQL.
import { ROLES } from "@attacklens/protocol/permissions.ts";
import { sql } from "kysely";
import { isAmong, lockRows } from "../db/dialect.ts";
import { byNumber, byRank, byText, contains, keysetPage } from "../db/keyset.ts";
import type { ApiKeyTable, Database } from "../db/schema.ts";

function keys(db: Database) {
  return db
    .selectFrom("apiKey")
    .innerJoin("user as maker", "maker.id", "apiKey.createdBy")
    .leftJoin("user as revoker", "revoker.id", "apiKey.revokedBy")
    .select([
      "apiKey.id",
      "apiKey.name",
      "apiKey.role",
      "apiKey.hint",
      "apiKey.createdAt",
      "apiKey.expiresAt",
      "apiKey.lastUsedAt",
      "apiKey.lastUsedAddress",
      "apiKey.revokedAt",
      "maker.name as createdBy",
      "maker.id as makerId",
      "maker.email as makerEmail",
      "maker.role as makerRole",
      "maker.status as makerStatus",
      "revoker.name as revokedBy",
    ]);
}

export type ApiKeyRow = NonNullable<Awaited<ReturnType<typeof findApiKey>>>;

/** `statusOf` in SQL, as the place in API_KEY_STATUSES. A test compares the two. */
const statusRank = (now: number) => sql<number>`case
    when api_key.revoked_at is not null then 0
    when api_key.expires_at <= ${now} then 1
    when maker.status <> 'active' then 2
    else 3 end`;

function sorts(now: number) {
  return {
    createdAt: byNumber(sql<number>`api_key.created_at`),
    name: byText(sql<string>`api_key.name_key`),
    role: byRank(sql<string>`api_key.role`, ROLES),
    status: byNumber(statusRank(now)),
    hint: byText(sql<string>`api_key.hint`),
    createdBy: byText(sql<string>`maker.name_key`),
    expiresAt: byNumber(sql<number>`api_key.expires_at`),
    lastUsedAt: byNumber(sql<number>`coalesce(api_key.last_used_at, 0)`),
  };
}

export interface ApiKeyPage {
  q?: string | undefined;
  sort: keyof ReturnType<typeof sorts>;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  count?: "exact" | undefined;
}

export async function pageOfApiKeys(db: Database, now: number, page: ApiKeyPage) {
  const { q, sort } = page;
  return await keysetPage(
    db,
    { ...page, sort: sorts(now)[sort], sortName: sort, id: sql<string>`api_key.id` },
    (tx) => {
      let query = tx.selectFrom("apiKey").innerJoin("user as maker", "maker.id", "apiKey.createdBy");
      if (q) query = query.where(contains(sql<string>`api_key.name_key`, q));
      return { query, isWalked: false };
    },
    (tx, some) => keys(tx).where("apiKey.id", "in", some).execute(),
  );
}

export async function findApiKey(db: Database, id: string) {
  return await keys(db).where("apiKey.id", "=", id).executeTakeFirst();
}

export async function listApiKeysById(db: Database, ids: readonly string[]) {
  return await keys(db)
    .where(isAmong(db, "apiKey.id", JSON.stringify(ids)))
    .execute();
}

/** Locks the key's row until the transaction ends. */
export async function lockApiKey(tx: Database, id: string) {
  await lockRows(tx, tx.selectFrom("apiKey").select("id").where("id", "=", id)).execute();
  return await findApiKey(tx, id);
}

export async function findApiKeyByHash(db: Database, valueHash: string) {
  return await keys(db).where("apiKey.valueHash", "=", valueHash).executeTakeFirst();
}

export async function insertApiKey(tx: Database, key: ApiKeyTable): Promise<void> {
  await tx.insertInto("apiKey").values(key).execute();
}

export async function replaceKeyValue(
  tx: Database,
  id: string,
  value: Pick<ApiKeyTable, "valueHash" | "hint">,
): Promise<void> {
  await tx.updateTable("apiKey").set(value).where("id", "=", id).execute();
}

export async function revokeApiKeyRow(
  tx: Database,
  id: string,
  revokedAt: number,
  revokedBy: string,
): Promise<void> {
  await tx.updateTable("apiKey").set({ revokedAt, revokedBy }).where("id", "=", id).execute();
}

export async function updateLastUse(db: Database, id: string, at: number, address: string): Promise<void> {
  await db
    .updateTable("apiKey")
    .set({ lastUsedAt: at, lastUsedAddress: address })
    .where("id", "=", id)
    .execute();
}
