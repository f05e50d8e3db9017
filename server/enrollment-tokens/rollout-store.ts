// The uses of a token that its rollout shows, in SQL.
import { forSomeValues } from "../db/batches.ts";
import type { Database } from "../db/schema.ts";

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
