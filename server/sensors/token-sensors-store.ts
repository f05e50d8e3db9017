// The sensors of one enrollment token, in SQL.
import { sql } from "kysely";
import { isAttemptOfSensor } from "../db/attempt-of-sensor.ts";
import { forSomeValues } from "../db/batches.ts";
import { unindexed } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { addressOfKey } from "../networks.ts";

/** The number of sensors in a slice. Reading a slice does not delay other requests noticeably. */
export const SLICE = 1_000;

/** Counts the reporting sensors of a token that are no use of it: clones that a user approved. */
export async function countReportingWithoutUse(tx: Database, tokenId: string): Promise<number> {
  const { sensors } = await tx
    .selectFrom("sensor")
    .where("clonedFrom", "is not", null)
    .where(unindexed<string>(tx, "sensor.enrollment_token_id"), "=", tokenId)
    .where("standing", "=", "reporting")
    .where((eb) => eb(eb.selectFrom("enrollmentAttempt").select("id").where(isAttemptOfSensor), "is", null))
    .select((eb) => eb.fn.countAll().as("sensors"))
    .executeTakeFirstOrThrow();
  return Number(sensors);
}

/**
 * Lists the next existing, unblocked sensors of a token that enrolled at `since` or later, in the order of
 * their enrollment, each with the address of it. A clone that the token refused has no enrollment: it has its
 * last address.
 */
export async function listBlockable(
  db: Database,
  tokenId: string,
  since: number,
  { after, limit }: { after: { enrolledAt: number; id: string } | undefined; limit: number },
) {
  const rows = await blockable(db, tokenId, since)
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .leftJoin("enrollmentAttempt", (join) => join.on(isAttemptOfSensor))
    .select(["sensor.id", "sensor.hostname", "sensor.enrolledAt"])
    .select(["enrollmentAttempt.address as enrolledFrom", "sensorPresence.address as lastAddress"])
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`(sensor.enrolled_at, sensor.id) > (${after?.enrolledAt}, ${after?.id})`),
    )
    .orderBy("sensor.enrolledAt")
    .orderBy("sensor.id")
    .limit(limit)
    .execute();
  return rows.map(({ enrolledFrom, lastAddress, ...sensor }) => ({
    ...sensor,
    enrolledFrom: enrolledFrom ?? addressOfKey(lastAddress),
  }));
}

/** Counts them. Reads the rows of only the others. */
export async function countBlockable(db: Database, tokenId: string, since: number): Promise<number> {
  const enrolled = sql`select count(*) from sensor
    where enrollment_token_id = ${tokenId} and enrolled_at >= ${since}`;
  const isClosed = sql`(deleted_at is not null or blocked_at is not null)`;
  const count = (tx: Database) =>
    sql<{ sensors: number }>`select (${enrolled}) - (${enrolled} and ${isClosed}) as sensors`.execute(tx);
  const { rows } = await inSnapshot(db, count);
  return Number(rows[0]!.sensors);
}

/** Lists the first of these sensors to enroll. */
export async function listFirstBlockable(db: Database, tokenId: string, since: number, limit: number) {
  const rows = await blockable(db, tokenId, since)
    .select("sensor.id")
    .orderBy("sensor.enrolledAt")
    .orderBy("sensor.id")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

function blockable(db: Database, tokenId: string, since: number) {
  return db
    .selectFrom("sensor")
    .where("sensor.enrollmentTokenId", "=", tokenId)
    .where("sensor.deletedAt", "is", null)
    .where("sensor.blockedAt", "is", null)
    .where("sensor.enrolledAt", ">=", since);
}

/** Marks the sensors as blocked. The caller has checked that they are not blocked yet. */
export async function markBlocked(
  tx: Database,
  ids: readonly string[],
  blockedAt: number,
  blockedBy: string,
): Promise<void> {
  await forSomeValues(ids, (some) =>
    tx.updateTable("sensor").set({ blockedAt, blockedBy }).where("id", "in", some).execute(),
  );
}
