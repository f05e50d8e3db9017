// Sensors whose time is over, in SQL.
import { sql } from "kysely";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";

const isEnded = (now: number) =>
  sql<boolean>`sensor_presence.last_seen_at + sensor.ephemeral_hours * 3600000 <= ${now}`;

/** Sensors with a lease on life that ended: not seen for as many hours as their token said. */
export async function listEndedEphemeral(db: Database, now: number) {
  return await inSnapshot(db, (tx) => endedEphemeral(tx, now).execute());
}

function endedEphemeral(tx: Database, now: number) {
  return tx
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.assetId",
      "sensor.ephemeralHours",
      "sensorPresence.lastSeenAt",
    ])
    .where("sensor.deletedAt", "is", null)
    .where("sensor.removedAt", "is", null)
    .where("sensor.ephemeralHours", "is not", null)
    .where(isEnded(now))
    .limit(500);
}

/** Marks the sensor removed if its time is over still; false when it was seen again, or deleted, meanwhile. */
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

/** Removed sensors are forgotten for good after a while; answers how many were. */
export async function deleteLongRemoved(db: Database, before: number, now: number): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable("sensor")
    .set({ deletedAt: now })
    .where("deletedAt", "is", null)
    .where("removedAt", "<", before)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
