// Enrollment tokens and their uses in SQL. A deleted token keeps its row, because its sensors still refer to
// it.
import {
  TOKEN_STATUSES,
  type TokenStatus,
  type TokenWarning,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { TOKEN_SETTING_NAMES } from "@attacklens/protocol/token-settings.ts";
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import { byNumber, byText, contains, keysetPage } from "../db/keyset.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentTokenTable } from "../db/schema-tokens.ts";
import { type Place, statement } from "../db/statement.ts";

function tokens(db: Database) {
  return db
    .selectFrom("enrollmentToken")
    .innerJoin("user as maker", "maker.id", "enrollmentToken.createdBy")
    .leftJoin("user as revoker", "revoker.id", "enrollmentToken.revokedBy")
    .leftJoin("user as pauser", "pauser.id", "enrollmentToken.pausedBy")
    .leftJoin("assetGroup", "assetGroup.id", "enrollmentToken.assetGroupId")
    .leftJoin("enrollmentToken as predecessor", "predecessor.id", "enrollmentToken.rotatedFrom")
    .select([
      "enrollmentToken.id",
      "enrollmentToken.name",
      "enrollmentToken.description",
      "enrollmentToken.hint",
      "enrollmentToken.createdAt",
      "enrollmentToken.expiresAt",
      "enrollmentToken.revokedAt",
      "enrollmentToken.pausedAt",
      "enrollmentToken.assetGroupId",
      ...TOKEN_SETTING_NAMES.map((name) => `enrollmentToken.${name}` as const),
      "enrollmentToken.rotatedFrom",
      "predecessor.name as rotatedFromName",
      "assetGroup.name as assetGroupName",
      "assetGroup.deletedAt as assetGroupDeletedAt",
      "maker.name as createdBy",
      "revoker.name as revokedBy",
      "pauser.name as pausedBy",
      "enrollmentToken.uses",
      "enrollmentToken.lastUsedAt",
      "enrollmentToken.refusedAttempts",
    ])
    .where("enrollmentToken.deletedAt", "is", null);
}

export type TokenRow = NonNullable<Awaited<ReturnType<typeof findToken>>>;

/** `enrollmentTokenStatus` in SQL, as a number. A test compares the two. */
function statusRank(now: number) {
  return sql<number>`case
    when enrollment_token.revoked_at is not null then 0
    when enrollment_token.expires_at is not null and enrollment_token.expires_at <= ${now} then 1
    when asset_group.deleted_at is not null then 2
    when enrollment_token.max_enrollments is not null and enrollment_token.uses >= enrollment_token.max_enrollments then 3
    when enrollment_token.paused_at is not null then 4
    else 5 end`;
}

const DAY_MS = 86_400_000;

/** `tokenWarnings` in SQL. A test compares the two. */
function hasWarning(now: number, warning: TokenWarning | "any") {
  const conditions = {
    "expires-soon": sql<boolean>`(enrollment_token.expires_at <= ${now + 7 * DAY_MS} and coalesce(enrollment_token.last_used_at, 0) > ${now - 7 * DAY_MS})`,
    "nearly-used-up": sql<boolean>`(enrollment_token.max_enrollments > 1 and enrollment_token.uses * 10 >= enrollment_token.max_enrollments * 9)`,
    unused: sql<boolean>`(coalesce(enrollment_token.last_used_at, enrollment_token.created_at) <= ${now - 30 * DAY_MS})`,
    "no-expiry": sql<boolean>`(enrollment_token.expires_at is null)`,
  } satisfies Record<TokenWarning, unknown>;
  const asked = warning === "any" ? Object.values(conditions) : [conditions[warning]];
  return sql<boolean>`(${statusRank(now)} >= 4 and (${sql.join(asked, sql` or `)}))`;
}

function sorts(now: number) {
  return {
    createdAt: byNumber(sql<number>`enrollment_token.created_at`),
    name: byText(sql<string>`enrollment_token.name_key`),
    // All assets sort before every group.
    scope: byText(sql<string>`coalesce(asset_group.name_key, '')`),
    createdBy: byText(sql<string>`lower(maker.name)`),
    // No expiry sorts after every date. 2^53-1 is later than any valid date.
    expiresAt: byNumber(sql<number>`coalesce(enrollment_token.expires_at, 9007199254740991)`),
    status: byNumber(statusRank(now)),
    enrolledSensors: byNumber(sql<number>`enrollment_token.uses`),
    lastUsedAt: byNumber(sql<number>`coalesce(enrollment_token.last_used_at, 0)`),
  };
}

export interface TokenPage {
  q?: string | undefined;
  status?: TokenStatus | undefined;
  assetGroupId?: string | undefined;
  warning?: TokenWarning | "any" | undefined;
  sort: keyof ReturnType<typeof sorts>;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  count?: "exact" | undefined;
}

export async function pageOfTokens(db: Database, now: number, page: TokenPage) {
  return await keysetPage(
    db,
    { ...page, sort: sorts(now)[page.sort], sortName: page.sort, id: sql<string>`enrollment_token.id` },
    (tx) => ({ query: matchingTokens(tx, now, page), isWalked: false }),
    (tx, some) => tokens(tx).where("enrollmentToken.id", "in", some).execute(),
  );
}

function matchingTokens(tx: Database, now: number, { q, status, assetGroupId, warning }: TokenPage) {
  let query = tx
    .selectFrom("enrollmentToken")
    .innerJoin("user as maker", "maker.id", "enrollmentToken.createdBy")
    .leftJoin("assetGroup", "assetGroup.id", "enrollmentToken.assetGroupId")
    .where("enrollmentToken.deletedAt", "is", null);
  if (q) query = query.where(contains(sql<string>`enrollment_token.name_key`, q));
  if (status) query = query.where(sql<boolean>`${statusRank(now)} = ${TOKEN_STATUSES.indexOf(status)}`);
  if (assetGroupId) query = query.where("enrollmentToken.assetGroupId", "=", assetGroupId);
  if (warning) query = query.where(hasWarning(now, warning));
  return query;
}

export async function findToken(db: Database, id: string) {
  return await tokens(db).where("enrollmentToken.id", "=", id).executeTakeFirst();
}

export async function hasToken(db: Database, id: string): Promise<boolean> {
  const query = db
    .selectFrom("enrollmentToken")
    .select("id")
    .where("id", "=", id)
    .where("deletedAt", "is", null);
  return (await query.executeTakeFirst()) !== undefined;
}

/** The latest successor of each token, by the id of the token. */
export async function findSuccessors(
  db: Database,
  ids: string[],
): Promise<Map<string, { id: string; name: string }>> {
  const rows = await forSomeValues(ids, (some) =>
    db
      .selectFrom("enrollmentToken")
      .select(["id", "name", "rotatedFrom"])
      .where("rotatedFrom", "in", some)
      .where("deletedAt", "is", null)
      .orderBy("createdAt")
      .orderBy("id")
      .execute(),
  );
  return new Map(rows.map(({ id, name, rotatedFrom }) => [rotatedFrom!, { id, name }]));
}

export async function insertToken(tx: Database, token: EnrollmentTokenTable): Promise<void> {
  await tx.insertInto("enrollmentToken").values(token).execute();
}

function lockBy(column: "id" | "valueHash") {
  return statement((db, place: Place<{ value: string }>) =>
    lockRows(
      db,
      db
        .selectFrom("enrollmentToken")
        .selectAll()
        .where(column, "=", place("value"))
        .where("deletedAt", "is", null),
    ).compile(),
  );
}

const lockById = lockBy("id");
const lockByHash = lockBy("valueHash");

/**
 * The hashes that belong to a token. Includes deleted tokens, because their sensors may repeat an enrollment.
 */
export async function listExistingHashes(db: Database, hashes: string[]): Promise<Set<string>> {
  const rows = await forSomeValues(hashes, (some) =>
    db.selectFrom("enrollmentToken").select("valueHash").where("valueHash", "in", some).execute(),
  );
  return new Set(rows.map(({ valueHash }) => valueHash));
}

/** Locks the token's row until the transaction ends. Ignores deleted tokens. */
export async function lockToken(tx: Database, by: { id: string } | { valueHash: string }) {
  const rows = "id" in by ? lockById(tx, { value: by.id }) : lockByHash(tx, { value: by.valueHash });
  return (await rows)[0];
}

/**
 * Locks the row of the token that a sensor enrolled with until the transaction ends. Includes deleted tokens.
 */
export async function lockTokenOfSensor(tx: Database, sensorId: string) {
  const query = tx
    .selectFrom("enrollmentToken")
    .selectAll()
    .where("id", "in", (eb) =>
      eb.selectFrom("sensor").select("sensor.enrollmentTokenId").where("sensor.id", "=", sensorId),
    );
  return await lockRows(tx, query).executeTakeFirstOrThrow();
}

export type TokenColumns = Partial<Omit<EnrollmentTokenTable, "id" | "valueHash" | "hint">>;

export async function updateToken(tx: Database, id: string, columns: TokenColumns): Promise<void> {
  await tx.updateTable("enrollmentToken").set(columns).where("id", "=", id).execute();
}

/** Counts uses of a locked token. The last of them was at `at`. */
export const addUses = statement(
  (db, place: Place<{ id: string; added: number; at: number }>) =>
    db
      .updateTable("enrollmentToken")
      .set((eb) => ({ uses: eb("uses", "+", place("added")), lastUsedAt: place("at") }))
      .where("id", "=", place("id"))
      .compile(),
  { isUnread: true },
);

/** Updates the counts of refused attempts, in the transaction that writes or deletes the attempts. */
export async function addRefusedAttempts(tx: Database, attempts: ReadonlyMap<string, number>): Promise<void> {
  // Always in the same order, to avoid deadlocks.
  for (const [id, added] of [...attempts].toSorted()) {
    await tx
      .updateTable("enrollmentToken")
      .set((eb) => ({ refusedAttempts: eb("refusedAttempts", "+", added) }))
      .where("id", "=", id)
      .execute();
  }
}

export async function replaceTokenValue(
  tx: Database,
  id: string,
  value: Pick<EnrollmentTokenTable, "valueHash" | "hint">,
): Promise<void> {
  await tx.updateTable("enrollmentToken").set(value).where("id", "=", id).execute();
}

/** Returns whether a host has presented the token's value, with or without success. */
export async function hasAttempts(db: Database, tokenId: string): Promise<boolean> {
  const row = await db
    .selectFrom("enrollmentAttempt")
    .select("id")
    .where("enrollmentTokenId", "=", tokenId)
    // The order of an index. Without it, PostgreSQL can choose a scan that it expects to end early.
    .orderBy("at")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Counts the sensors that enrolled with the token. */
export async function countUses(db: Database, tokenId: string): Promise<number> {
  const query = db.selectFrom("enrollmentToken").select("uses").where("id", "=", tokenId);
  return (await query.executeTakeFirst())?.uses ?? 0;
}

/** The expected hosts of a token's rollout as JSON; null: not set; undefined: there is no such token. */
export async function findRollout(db: Database, id: string): Promise<string | null | undefined> {
  const row = await db
    .selectFrom("enrollmentToken")
    .leftJoin("tokenRollout", "tokenRollout.enrollmentTokenId", "enrollmentToken.id")
    .select("tokenRollout.expected")
    .where("enrollmentToken.id", "=", id)
    .where("enrollmentToken.deletedAt", "is", null)
    .executeTakeFirst();
  return row?.expected;
}

/** Call it in the transaction that has locked the token. */
export async function upsertRollout(tx: Database, id: string, expected: string): Promise<void> {
  await tx
    .insertInto("tokenRollout")
    .values({ enrollmentTokenId: id, expected })
    .onConflict((conflict) => conflict.column("enrollmentTokenId").doUpdateSet({ expected }))
    .execute();
}
