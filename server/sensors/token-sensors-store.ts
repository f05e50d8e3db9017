// The sensors of one enrollment token, in SQL.
import { sql } from "kysely";
import { isAttemptOfSensor } from "../db/attempt-of-sensor.ts";
import { forSomeValues } from "../db/batches.ts";
import type { Database } from "../db/schema.ts";
import type { Standing } from "../db/schema-sensors.ts";
import { inSnapshot } from "../db/snapshot.ts";

/** The number of sensors in a slice. Reading a slice does not delay other requests noticeably. */
export const SLICE = 1_000;

/** Counts the existing sensors of a token by standing. */
export async function countStandingsOfToken(db: Database, tokenId: string): Promise<Map<Standing, number>> {
  const query = (tx: Database) =>
    tx
      .selectFrom("sensor")
      .select((eb) => ["standing", eb.fn.countAll().as("sensors")])
      .where("enrollmentTokenId", "=", tokenId)
      .where("standing", "!=", "deleted")
      .groupBy("standing");
  const rows = await inSnapshot(db, (tx) => query(tx).execute());
  return new Map(rows.map(({ standing, sensors }) => [standing, Number(sensors)]));
}

/**
 * Counts the reporting sensors of a token that were seen since. Reads all of them in slices by id, which is
 * the order of the table of presence.
 */
export async function countOnlineOfToken(db: Database, tokenId: string, since: number): Promise<number> {
  let online = 0;
  let after: string | null = "";
  do {
    const slice: OnlineSlice = await inSnapshot(db, (tx) => countOnlineSlice(tx, { tokenId, since, after }));
    online += Number(slice.online ?? 0);
    after = Number(slice.sensors) < SLICE ? null : slice.last;
  } while (after !== null);
  return online;
}

type OnlineSlice = Awaited<ReturnType<typeof countOnlineSlice>>;

async function countOnlineSlice(
  tx: Database,
  { tokenId, since, after }: { tokenId: string; since: number; after: string | null },
) {
  const some = tx
    .selectFrom("sensor")
    .select("id")
    .where("enrollmentTokenId", "=", tokenId)
    .where("standing", "=", "reporting")
    .where("id", ">", after)
    .orderBy("id")
    .limit(SLICE);
  return await tx
    .selectFrom(some.as("some"))
    .crossJoin("sensorPresence")
    .whereRef("sensorPresence.sensorId", "=", "some.id")
    .select((eb) => [
      eb.fn.countAll().as("sensors"),
      eb.fn.max("some.id").as("last"),
      eb.fn
        .sum(sql<number>`case when sensor_presence.last_seen_at >= ${since} then 1 else 0 end`)
        .as("online"),
    ])
    .executeTakeFirstOrThrow();
}

/**
 * Lists the next existing, unblocked sensors of a token that enrolled at `since` or later, by hostname, each
 * with the address of its enrollment.
 */
export async function listBlockable(
  db: Database,
  tokenId: string,
  since: number,
  { after, limit }: { after: { hostnameKey: string; id: string } | undefined; limit: number },
) {
  return await blockable(db, tokenId, since)
    .innerJoin("enrollmentAttempt", (join) => join.on(isAttemptOfSensor))
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.hostnameKey",
      "enrollmentAttempt.address as enrolledFrom",
    ])
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`(sensor.hostname_key, sensor.id) > (${after?.hostnameKey}, ${after?.id})`),
    )
    .orderBy("sensor.hostnameKey")
    .orderBy("sensor.id")
    .limit(limit)
    .execute();
}

export async function countBlockable(db: Database, tokenId: string, since: number): Promise<number> {
  const { count } = await blockable(db, tokenId, since)
    .select((eb) => eb.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Lists the first of these sensors by hostname. */
export async function listFirstBlockable(db: Database, tokenId: string, since: number, limit: number) {
  const rows = await blockable(db, tokenId, since)
    .select("sensor.id")
    .orderBy("sensor.hostnameKey")
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
