// Ephemeral sensors whose time is over, in SQL.
import { sql } from "kysely";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";

const isEnded = (now: number) =>
  sql<boolean>`sensor_presence.last_seen_at + sensor.ephemeral_hours * 3600000 <= ${now}`;

/** The number of ephemeral sensors in a slice. */
const SLICE = 1_000;

/**
 * Yields the ephemeral sensors that were offline for the hours of their token. Reads all ephemeral sensors in
 * slices.
 */
export async function* endedEphemeralSlices(db: Database, now: number) {
  let after: string | undefined = "";
  while (after !== undefined) {
    const last: string = after;
    const { ids, ended } = await inSnapshot(db, async (tx) => {
      const ids = await listEphemeral(tx, last);
      const end = ids.at(-1);
      return { ids, ended: end === undefined ? [] : await endedAmong(tx, last, end, now).execute() };
    });
    yield ended;
    after = ids.length < SLICE ? undefined : ids.at(-1);
  }
}

async function listEphemeral(tx: Database, after: string): Promise<string[]> {
  const rows = await ephemeral(tx).select("sensor.id").where("sensor.id", ">", after).limit(SLICE).execute();
  return rows.map(({ id }) => id);
}

function ephemeral(tx: Database) {
  return tx
    .selectFrom("sensor")
    .where("sensor.deletedAt", "is", null)
    .where("sensor.removedAt", "is", null)
    .where("sensor.ephemeralHours", "is not", null)
    .orderBy("sensor.id");
}

function endedAmong(tx: Database, after: string, last: string, now: number) {
  return ephemeral(tx)
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.assetId",
      "sensor.ephemeralHours",
      "sensorPresence.lastSeenAt",
    ])
    .where("sensor.id", ">", after)
    .where("sensor.id", "<=", last)
    .where(isEnded(now));
}

/** Marks the sensor as removed. Returns false if it was seen or deleted in the meantime. */
export async function markEndedRemoved(tx: Database, id: string, now: number): Promise<boolean> {
  const row = await tx
    .updateTable("sensor")
    .set({ removedAt: now })
    .where("id", "=", id)
    .where("deletedAt", "is", null)
    .where("removedAt", "is", null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("sensorPresence")
          .select("sensorId")
          .whereRef("sensorPresence.sensorId", "=", "sensor.id")
          .where(isEnded(now)),
      ),
    )
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Deletes up to `limit` sensors that were removed before a time. Returns the number of deleted sensors. */
export async function deleteLongRemoved(
  db: Database,
  before: number,
  now: number,
  limit: number,
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable("sensor")
    .set({ deletedAt: now })
    .where("id", "in", (eb) =>
      eb
        .selectFrom("sensor")
        .select("id")
        .where("deletedAt", "is", null)
        .where("removedAt", "<", before)
        .orderBy("removedAt")
        .limit(limit),
    )
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}
