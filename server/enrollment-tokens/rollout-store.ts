// The uses of a token that its rollout shows, in SQL.
import { ARRIVAL_STATES } from "@attacklens/protocol/arrivals.ts";
import { isAttemptOfSensor } from "../db/attempt-of-sensor.ts";
import { forSomeValues } from "../db/batches.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";

/** Counts the uses of a token whose sensors do not report. */
export async function countNotReporting(db: Database, tokenId: string): Promise<number> {
  const some = ARRIVAL_STATES.filter((state) => state !== "reporting");
  const query = (tx: Database) =>
    tx
      .selectFrom("sensor")
      // SQLite does not reorder a cross join.
      .crossJoin("enrollmentAttempt")
      .where(isAttemptOfSensor)
      .where("sensor.enrollmentTokenId", "=", tokenId)
      .where("sensor.standing", "in", some)
      .select((eb) => eb.fn.countAll().as("sensors"));
  const { sensors } = await inSnapshot(db, (tx) => query(tx).executeTakeFirstOrThrow());
  return Number(sensors);
}

/**
 * The attempts of hostnames with a token, oldest first: each with its sensor or the reason of the refusal.
 */
export async function listAttemptedHosts(db: Database, tokenId: string, hostnameKeys: string[]) {
  return await forSomeValues(hostnameKeys, (some) =>
    db
      .selectFrom("enrollmentAttempt")
      .leftJoin("sensor", "sensor.id", "enrollmentAttempt.sensorId")
      .select([
        "enrollmentAttempt.hostnameKey",
        "enrollmentAttempt.reason",
        "enrollmentAttempt.firstAt",
        "enrollmentAttempt.sensorId",
        "sensor.standing",
      ])
      .where("enrollmentAttempt.enrollmentTokenId", "=", tokenId)
      .where("enrollmentAttempt.hostnameKey", "in", some)
      .orderBy("enrollmentAttempt.at")
      .execute(),
  );
}
