// Public keys that sensors have, had, or announced, in SQL. The primary key prevents two sensors with one
// key.
import { sql } from "kysely";
import { isAmong } from "../../db/dialect.ts";
import { insertion } from "../../db/insertion.ts";
import { isLiveGroup } from "../../db/live-group.ts";
import type { Database } from "../../db/schema.ts";
import type { KnownKeyTable } from "../../db/schema-sensors.ts";
import { type Place, statement } from "../../db/statement.ts";

const knownKeys = statement((db, place: Place<{ publicKeys: string }>) =>
  db
    .selectFrom("knownKey")
    .innerJoin("sensor", "sensor.id", "knownKey.sensorId")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", isLiveGroup)
    .select([
      "knownKey.publicKey",
      "knownKey.sensorId",
      "knownKey.state",
      "knownKey.origin",
      "knownKey.replacedAt",
      "sensor.deletedAt",
      "sensor.uninstalledAt",
      "sensor.removedAt",
      "sensor.clonedFrom",
      "sensor.blockedAt",
      "sensor.awaitingApproval",
      "enrollmentToken.valueHash",
      "assetGroup.id as assetGroupId",
      "assetGroup.name as assetGroupName",
    ])
    .where(isAmong(db, "knownKey.publicKey", place("publicKeys")))
    .compile(),
);

/**
 * Returns the known keys among these, each with its sensor, which may be deleted, and the hash of the token
 * that the sensor enrolled with.
 */
export async function listKnownKeys(db: Database, publicKeys: readonly string[]) {
  return await knownKeys(db, { publicKeys: JSON.stringify(publicKeys) });
}

export type KnownKey = Awaited<ReturnType<typeof listKnownKeys>>[number];

/** Throws a duplicate error if one of the keys is known. */
export const insertKnownKeys = insertion<KnownKeyTable>(
  "knownKey",
  { publicKey: "text", sensorId: "text", state: "text", origin: "text", replacedAt: "bigint" },
  { shared: ["state", "origin", "replacedAt"] },
);

/** Exactly as in the index, so that the databases use it. */
const isNotPresent = sql<boolean>`known_key.state <> 'present'`;

/** Lists the earlier keys of the sensor, the latest first. */
export async function listReplacedKeys(db: Database, sensorId: string) {
  return await db
    .selectFrom("knownKey")
    .selectAll()
    .where("sensorId", "=", sensorId)
    .where(isNotPresent)
    .where("state", "in", ["rotated", "re-enrolled"])
    .orderBy("replacedAt", "desc")
    .limit(50)
    .execute();
}

/** Announces the sensor's next key. The previously announced key was never used, and is free again. */
export async function replaceNextKey(tx: Database, sensorId: string, publicKey: string): Promise<void> {
  await deleteNextKey(tx, sensorId);
  await insertKnownKeys(tx, [
    { publicKey, sensorId, state: "next", origin: "announcement", replacedAt: null },
  ]);
  await tx.updateTable("sensor").set({ nextPublicKey: publicKey }).where("id", "=", sensorId).execute();
}

/** Makes the announced key the sensor's present key, unless another request has already done so. */
export async function promoteKey(
  tx: Database,
  id: string,
  { from, to, at }: { from: string; to: string; at: number },
): Promise<void> {
  const row = await tx
    .updateTable("sensor")
    .set({ publicKey: to, nextPublicKey: null, agreementKey: null, keyChangedAt: at })
    .where("id", "=", id)
    .where("publicKey", "=", from)
    .where("nextPublicKey", "=", to)
    .where("deletedAt", "is", null)
    .where("uninstalledAt", "is", null)
    .where("removedAt", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) return;
  await retireKey(tx, from, at, "rotated");
  await tx.updateTable("knownKey").set({ state: "present" }).where("publicKey", "=", to).execute();
}

/** Replaces all keys of a locked sensor with a new one. Throws a duplicate error if the key is known. */
export async function replaceKeyAtOnce(
  tx: Database,
  id: string,
  { from, to, at }: { from: string; to: string; at: number },
): Promise<void> {
  await deleteNextKey(tx, id);
  await retireKey(tx, from, at, "re-enrolled");
  await insertKnownKeys(tx, [
    { publicKey: to, sensorId: id, state: "present", origin: "ticket", replacedAt: null },
  ]);
  await tx
    .updateTable("sensor")
    .set({ publicKey: to, nextPublicKey: null, agreementKey: null, keyChangedAt: at })
    .where("id", "=", id)
    .execute();
}

async function deleteNextKey(tx: Database, sensorId: string): Promise<void> {
  await tx
    .deleteFrom("knownKey")
    .where("sensorId", "=", sensorId)
    .where(isNotPresent)
    .where("state", "=", "next")
    .execute();
}

async function retireKey(
  tx: Database,
  publicKey: string,
  replacedAt: number,
  state: "rotated" | "re-enrolled",
): Promise<void> {
  await tx.updateTable("knownKey").set({ state, replacedAt }).where("publicKey", "=", publicKey).execute();
}
