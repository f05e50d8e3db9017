// The use ledger in SQL.
import { REFUSAL_REASONS } from "@attacklens/protocol/enrollment-attempts.ts";
import { sql } from "kysely";
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { insertion } from "../db/insertion.ts";
import { byNumber, contains, keysetPage } from "../db/keyset.ts";
import { numberRows } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentAttemptTable } from "../db/schema-tokens.ts";
import { inSnapshot } from "../db/snapshot.ts";

export interface AttemptPage {
  q?: string | undefined;
  enrollmentTokenId?: string | undefined;
  outcome?: "accepted" | "refused" | undefined;
  /** In milliseconds. */
  from?: number | undefined;
  until?: number | undefined;
  sort: "at";
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

function attempts(db: Database) {
  return (
    db
      .selectFrom("enrollmentAttempt")
      .innerJoin("enrollmentToken", "enrollmentToken.id", "enrollmentAttempt.enrollmentTokenId")
      // By all known keys: the sensor may have a new key since the attempt.
      .leftJoin("knownKey", "knownKey.publicKey", "enrollmentAttempt.publicKey")
      .leftJoin("sensor", "sensor.id", "knownKey.sensorId")
      .select([
        "enrollmentAttempt.id",
        "enrollmentAttempt.reference",
        "enrollmentAttempt.enrollmentTokenId",
        "enrollmentToken.name as enrollmentTokenName",
        "enrollmentToken.deletedAt as enrollmentTokenDeletedAt",
        "enrollmentAttempt.reason",
        "enrollmentAttempt.detail",
        "enrollmentAttempt.at",
        "enrollmentAttempt.firstAt",
        "enrollmentAttempt.attempts",
        "enrollmentAttempt.address",
        "enrollmentAttempt.hostname",
        "sensor.id as sensorId",
        "sensor.hostname as sensorHostname",
        "sensor.deletedAt as sensorDeletedAt",
      ])
  );
}

export type AttemptRow = Awaited<ReturnType<ReturnType<typeof attempts>["execute"]>>[number];

export async function pageOfAttempts(db: Database, page: AttemptPage) {
  return await keysetPage(
    db,
    {
      ...page,
      sort: byNumber(sql<number>`enrollment_attempt.at`),
      sortName: page.sort,
      id: sql<string>`enrollment_attempt.id`,
    },
    (tx) => ({ query: matchingAttempts(tx, page), isWalked: true }),
    (tx, some) => attempts(tx).where("enrollmentAttempt.id", "in", some).execute(),
  );
}

function matchingAttempts(tx: Database, { q, enrollmentTokenId, outcome, from, until }: AttemptPage) {
  let query = tx.selectFrom("enrollmentAttempt");
  if (enrollmentTokenId) query = query.where("enrollmentAttempt.enrollmentTokenId", "=", enrollmentTokenId);
  if (outcome) query = query.where("enrollmentAttempt.reason", outcome === "refused" ? "is not" : "is", null);
  if (from !== undefined) query = query.where("enrollmentAttempt.at", ">=", from);
  if (until !== undefined) query = query.where("enrollmentAttempt.at", "<", until);
  if (q === undefined || q === "") return query;
  return query.where((eb) =>
    eb.or([
      eb("enrollmentAttempt.reference", "=", q.trim().toUpperCase()),
      eb("enrollmentAttempt.address", "=", q.trim()),
      contains(sql<string>`enrollment_attempt.hostname_key`, q),
    ]),
  );
}

/** Counts the attempts of each time, with an index of their times alone. */
export async function countAttemptsOfDays(db: Database, days: readonly { from: number; until: number }[]) {
  const inDay = sql`enrollment_attempt.at >= day.starts and enrollment_attempt.at < day.ends`;
  const counted = sql`select count(*) from enrollment_attempt where ${inDay}`;
  const parts = numberRows(
    db,
    ["place", "starts", "ends"],
    days.map(({ from, until }, place) => [place, from, until]),
  );
  return await inSnapshot(db, async (tx) => {
    const { rows } = await sql<{ place: number; attempts: number; refused: number }>`
      select day.place, (${counted}) as attempts, (${counted} and reason is not null) as refused
      from ${parts} as day order by day.place`.execute(tx);
    return rows.map(({ attempts, refused }) => ({
      accepted: Number(attempts) - Number(refused),
      refused: Number(refused),
    }));
  });
}

export async function countRefusalsSince(db: Database, from: number): Promise<number> {
  const query = (tx: Database) =>
    tx
      .selectFrom("enrollmentAttempt")
      .where("at", ">=", from)
      .where("reason", "is not", null)
      .select((eb) => eb.fn.countAll().as("refusals"));
  const { refusals } = await inSnapshot(db, (tx) => query(tx).executeTakeFirstOrThrow());
  return Number(refusals);
}

export const insertAttempts = insertion<EnrollmentAttemptTable>(
  "enrollmentAttempt",
  {
    id: "text",
    enrollmentTokenId: "text",
    reference: "text",
    reason: "text",
    detail: "text",
    firstAt: "bigint",
    at: "bigint",
    attempts: "bigint",
    address: "text",
    hostname: "text",
    hostnameKey: "text",
    publicKey: "text",
    sensorId: "text",
  },
  { shared: ["enrollmentTokenId", "reason", "detail", "attempts"] },
);

/**
 * A repeated refusal updates its row. `rows` must not contain one twice. An accepted attempt never changes.
 */
export async function upsertRefusals(db: Database, rows: EnrollmentAttemptTable[]): Promise<void> {
  await forSomeRows(rows, (some) =>
    db
      .insertInto("enrollmentAttempt")
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(["reference", "enrollmentTokenId"])
          .where("reason", "is not", null)
          .doUpdateSet((eb) => ({
            at: eb.ref("excluded.at"),
            attempts: sql<number>`enrollment_attempt.attempts + excluded.attempts`,
            address: eb.ref("excluded.address"),
            detail: eb.ref("excluded.detail"),
            hostname: eb.ref("excluded.hostname"),
            hostnameKey: eb.ref("excluded.hostnameKey"),
          })),
      )
      .execute(),
  );
}

/**
 * Deletes up to `limit` refusals of a token that are older than its `kept` latest. Returns the deleted rows.
 */
export async function deleteOldRefusals(tx: Database, tokenId: string, kept: number, limit: number) {
  return await tx
    .deleteFrom("enrollmentAttempt")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("enrollmentAttempt")
        .select("id")
        .where("enrollmentTokenId", "=", tokenId)
        .where("reason", "is not", null)
        .orderBy("at", "desc")
        .orderBy("id", "desc")
        .limit(limit)
        .offset(kept),
    )
    .returning("attempts")
    .execute();
}

/** The refusals of a token since that did not become a sensor, also not with a later attempt. */
function refusedHosts(tx: Database, tokenId: string, since: number) {
  return (
    tx
      .selectFrom("enrollmentAttempt")
      .where("enrollmentAttempt.enrollmentTokenId", "=", tokenId)
      .where("enrollmentAttempt.reason", "is not", null)
      .where("enrollmentAttempt.at", ">=", since)
      // A scalar subquery, because PostgreSQL turns `not exists` into a join. With statistics from before a
      // rollout, it compares every refusal with every key.
      .where(
        (eb) =>
          eb
            .selectFrom("knownKey")
            .select("knownKey.sensorId")
            .whereRef("knownKey.publicKey", "=", "enrollmentAttempt.publicKey"),
        "is",
        null,
      )
  );
}

/** Counts them. The ledger limits how many refusals of a token are kept. */
export async function countRefusedHosts(db: Database, tokenId: string, since: number): Promise<number> {
  const { hosts } = await inSnapshot(db, (tx) =>
    refusedHosts(tx, tokenId, since)
      .select((eb) => eb.fn.count("enrollmentAttempt.publicKey").distinct().as("hosts"))
      .executeTakeFirstOrThrow(),
  );
  return Number(hosts);
}

/** Returns the latest refusal of each of them, the latest first. */
export async function listRefusedHosts(db: Database, tokenId: string, since: number, limit: number) {
  return await inSnapshot(db, async (tx) => {
    const rows = await refusedHosts(tx, tokenId, since)
      .select(["enrollmentAttempt.id", "enrollmentAttempt.publicKey"])
      .orderBy("enrollmentAttempt.at", "desc")
      .orderBy("enrollmentAttempt.id", "desc")
      // A host has a row for each reason.
      .limit(limit * REFUSAL_REASONS.length)
      .execute();
    const ids = rows
      .filter(({ publicKey }, index) => rows.findIndex((row) => row.publicKey === publicKey) === index)
      .slice(0, limit)
      .map(({ id }) => id);
    const found = await forSomeValues(ids, (some) =>
      attempts(tx).where("enrollmentAttempt.id", "in", some).execute(),
    );
    return ids.flatMap((id) => found.find((row) => row.id === id) ?? []);
  });
}

/** Returns the time of the last attempt with a token, refused or not. */
export async function findLastAttempt(db: Database, tokenId: string): Promise<number | undefined> {
  const row = await inSnapshot(db, (tx) =>
    tx
      .selectFrom("enrollmentAttempt")
      .select("at")
      .where("enrollmentTokenId", "=", tokenId)
      .orderBy("at", "desc")
      .limit(1)
      .executeTakeFirst(),
  );
  return row?.at;
}

/** Returns when each refused host of a token was refused for the first time. As many as the ledger keeps. */
export async function listFirstRefusals(db: Database, tokenId: string): Promise<number[]> {
  const rows = await inSnapshot(db, (tx) =>
    tx
      .selectFrom("enrollmentAttempt")
      .select("firstAt")
      .where("enrollmentTokenId", "=", tokenId)
      .where("reason", "is not", null)
      .execute(),
  );
  return rows.map(({ firstAt }) => firstAt);
}
