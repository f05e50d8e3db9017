// Enrollment tokens and their uses in SQL. A deleted token keeps its row, so that "enrolled by" always resolves.
import type { TokenStatus } from "@attacklens/protocol/enrollment-tokens.ts";
import { sql } from "kysely";
import { lockRows } from "../db/dialect.ts";
import { byNumber, byText, cappedCount, contains, keysetRows } from "../db/keyset.ts";
import type { Database, EnrollmentTable, EnrollmentTokenTable } from "../db/schema.ts";

const useCount = sql<number>`(select count(*) from enrollment where enrollment.enrollment_token_id = enrollment_token.id)`;

function tokens(db: Database) {
  return db
    .selectFrom("enrollmentToken")
    .innerJoin("user as maker", "maker.id", "enrollmentToken.createdBy")
    .leftJoin("user as revoker", "revoker.id", "enrollmentToken.revokedBy")
    .leftJoin("assetGroup", "assetGroup.id", "enrollmentToken.assetGroupId")
    .select([
      "enrollmentToken.id",
      "enrollmentToken.name",
      "enrollmentToken.hint",
      "enrollmentToken.createdAt",
      "enrollmentToken.expiresAt",
      "enrollmentToken.revokedAt",
      "enrollmentToken.assetGroupId",
      "assetGroup.name as assetGroupName",
      "assetGroup.deletedAt as assetGroupDeletedAt",
      "maker.name as createdBy",
      "revoker.name as revokedBy",
      useCount.as("enrolledSensors"),
      sql<
        number | null
      >`(select max(enrolled_at) from enrollment where enrollment.enrollment_token_id = enrollment_token.id)`.as(
        "lastUsedAt",
      ),
    ])
    .where("enrollmentToken.deletedAt", "is", null);
}

export type TokenRow = NonNullable<Awaited<ReturnType<typeof findToken>>>;

const SORTS = {
  createdAt: byNumber(sql<number>`enrollment_token.created_at`),
  name: byText(sql<string>`enrollment_token.name_key`),
  // No expiry sorts behind every date; 2^53-1 is no date that anybody enters.
  expiresAt: byNumber(sql<number>`coalesce(enrollment_token.expires_at, 9007199254740991)`),
  enrolledSensors: byNumber(useCount),
};

export interface TokenPage {
  q?: string | undefined;
  status?: TokenStatus | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

export async function pageOfTokens(
  db: Database,
  now: number,
  { q, status, sort, order, cursor, limit }: TokenPage,
) {
  let query = tokens(db);
  if (q) query = query.where(contains(sql<string>`enrollment_token.name_key`, q));
  if (status) query = query.where(hasStatus(status, now));
  const page = await keysetRows(query, {
    sort: SORTS[sort],
    sortName: sort,
    id: sql<string>`enrollment_token.id`,
    order,
    cursor,
    limit,
  });
  return { ...page, ...(await cappedCount(db, query.clearSelect())) };
}

/** `enrollmentTokenStatus` as a condition, in its order; a test compares the two. */
function hasStatus(status: TokenStatus, now: number) {
  const revoked = sql`enrollment_token.revoked_at is not null`;
  const expired = sql`(enrollment_token.expires_at is not null and enrollment_token.expires_at <= ${now})`;
  const groupDeleted = sql`asset_group.deleted_at is not null`;
  const conditions: Record<TokenStatus, ReturnType<typeof sql<boolean>>> = {
    revoked: sql<boolean>`${revoked}`,
    expired: sql<boolean>`not ${revoked} and ${expired}`,
    "group-deleted": sql<boolean>`not ${revoked} and not ${expired} and ${groupDeleted}`,
    active: sql<boolean>`not ${revoked} and not ${expired} and not ${groupDeleted}`,
  };
  return sql<boolean>`(${conditions[status]})`;
}

export async function findToken(db: Database, id: string) {
  return await tokens(db).where("enrollmentToken.id", "=", id).executeTakeFirst();
}

export async function insertToken(tx: Database, token: EnrollmentTokenTable): Promise<void> {
  await tx.insertInto("enrollmentToken").values(token).execute();
}

/** The token's row, locked until the transaction ends; not a deleted one. */
export async function lockToken(tx: Database, by: { id: string } | { valueHash: string }) {
  const [column, value] = "id" in by ? (["id", by.id] as const) : (["valueHash", by.valueHash] as const);
  const query = tx
    .selectFrom("enrollmentToken")
    .selectAll()
    .where(column, "=", value)
    .where("deletedAt", "is", null);
  return await lockRows(tx, query).executeTakeFirst();
}

export async function markTokenRevoked(
  tx: Database,
  id: string,
  revokedAt: number,
  revokedBy: string,
): Promise<void> {
  await tx.updateTable("enrollmentToken").set({ revokedAt, revokedBy }).where("id", "=", id).execute();
}

export async function markTokenDeleted(tx: Database, id: string, deletedAt: number): Promise<void> {
  await tx.updateTable("enrollmentToken").set({ deletedAt }).where("id", "=", id).execute();
}

export async function countUses(db: Database, tokenId: string): Promise<number> {
  const row = await db
    .selectFrom("enrollment")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("enrollmentTokenId", "=", tokenId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function insertUse(tx: Database, use: EnrollmentTable): Promise<void> {
  await tx.insertInto("enrollment").values(use).execute();
}
