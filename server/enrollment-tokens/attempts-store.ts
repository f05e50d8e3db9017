// The use ledger in SQL.
import { sql } from "kysely";
import { byNumber, cappedCount, contains, keysetRows } from "../db/keyset.ts";
import type { Database, EnrollmentAttemptTable } from "../db/schema.ts";

export interface AttemptPage {
  q?: string | undefined;
  enrollmentTokenId?: string | undefined;
  outcome?: "accepted" | "refused" | undefined;
  sort: "at";
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

export async function pageOfAttempts(db: Database, page: AttemptPage) {
  let query = db
    .selectFrom("enrollmentAttempt")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "enrollmentAttempt.enrollmentTokenId")
    .leftJoin("sensor", "sensor.publicKey", "enrollmentAttempt.publicKey")
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
    ]);
  if (page.enrollmentTokenId)
    query = query.where("enrollmentAttempt.enrollmentTokenId", "=", page.enrollmentTokenId);
  if (page.outcome)
    query = query.where("enrollmentAttempt.useNumber", page.outcome === "accepted" ? "is not" : "is", null);
  if (page.q) {
    const { q } = page;
    query = query.where((eb) =>
      eb.or([
        eb("enrollmentAttempt.reference", "=", q.trim().toUpperCase()),
        eb("enrollmentAttempt.address", "=", q.trim()),
        contains(sql<string>`enrollment_attempt.hostname_key`, q),
      ]),
    );
  }
  const rows = await keysetRows(query, {
    sort: byNumber(sql<number>`enrollment_attempt.at`),
    sortName: page.sort,
    id: sql<string>`enrollment_attempt.id`,
    order: page.order,
    cursor: page.cursor,
    limit: page.limit,
  });
  return { ...rows, ...(await cappedCount(db, query.clearSelect())) };
}

export async function insertAttempts(tx: Database, attempts: EnrollmentAttemptTable[]): Promise<void> {
  await tx.insertInto("enrollmentAttempt").values(attempts).execute();
}

/** A refusal that happens again is the same row; none may be in `rows` twice. An accepted attempt never changes. */
export async function upsertRefusals(db: Database, rows: EnrollmentAttemptTable[]): Promise<void> {
  await db
    .insertInto("enrollmentAttempt")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(["reference", "enrollmentTokenId"])
        .doUpdateSet((eb) => ({
          at: eb.ref("excluded.at"),
          attempts: sql<number>`enrollment_attempt.attempts + excluded.attempts`,
          address: eb.ref("excluded.address"),
          detail: eb.ref("excluded.detail"),
          hostname: eb.ref("excluded.hostname"),
          hostnameKey: eb.ref("excluded.hostnameKey"),
        }))
        .where("enrollmentAttempt.useNumber", "is", null),
    )
    .execute();
}

/** Removes refusals of a token beyond the `kept` latest, a thousand at a time; never an accepted attempt. */
export async function deleteOldRefusals(db: Database, tokenId: string, kept: number): Promise<void> {
  await db
    .deleteFrom("enrollmentAttempt")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("enrollmentAttempt")
        .select("id")
        .where("enrollmentTokenId", "=", tokenId)
        .where("useNumber", "is", null)
        .orderBy("at", "desc")
        .orderBy("id", "desc")
        .limit(1_000)
        .offset(kept),
    )
    .execute();
}

/** What became of each hostname with a token: the sensor if there is one, else why the last attempt was refused. */
export async function listAttemptedHosts(db: Database, tokenId: string) {
  return await db
    .selectFrom("enrollmentAttempt")
    .leftJoin("sensor", "sensor.id", "enrollmentAttempt.sensorId")
    .select([
      "enrollmentAttempt.hostnameKey",
      "enrollmentAttempt.reason",
      "enrollmentAttempt.sensorId",
      "sensor.reportedAt",
    ])
    .where("enrollmentAttempt.enrollmentTokenId", "=", tokenId)
    .orderBy("enrollmentAttempt.at")
    .execute();
}
