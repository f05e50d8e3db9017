// Sensors in SQL.
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import type { Database, SensorTable } from "../db/schema.ts";

function sensors(db: Database) {
  return db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .leftJoin("user as approver", "approver.id", "sensor.approvedBy")
    .leftJoin("user as blocker", "blocker.id", "sensor.blockedBy")
    .leftJoin("assetGroup", "assetGroup.id", "asset.assetGroupId")
    .leftJoin("sensor as original", "original.id", "sensor.copiedFrom")
    .leftJoin("sensor as successor", "successor.id", "sensor.replacedBy")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.platform",
      "sensor.osName",
      "sensor.osVersion",
      "sensor.architecture",
      "sensor.version",
      "sensor.enrolledAt",
      "sensor.reportedAt",
      "sensor.publicKey",
      "sensor.awaitingApproval",
      "sensor.approvedAt",
      "approver.name as approvedBy",
      "sensor.blockedAt",
      "blocker.name as blockedBy",
      "sensor.uninstalledAt",
      "sensor.removedAt",
      "sensor.keyChangedAt",
      "sensor.enrolledHost",
      "sensor.copiedFrom",
      "original.hostname as originalHostname",
      "original.deletedAt as originalDeletedAt",
      "sensor.replacedBy",
      "sensor.replacedAt",
      "successor.hostname as successorHostname",
      "sensor.ephemeralHours",
      "asset.tags",
      "sensorPresence.address",
      "sensorPresence.lastSeenAt",
      "sensor.assetId",
      "asset.name as assetName",
      "asset.assetGroupId",
      "assetGroup.name as assetGroupName",
      "sensor.enrollmentTokenId",
      "enrollmentToken.name as enrollmentTokenName",
      "enrollmentToken.deletedAt as enrollmentTokenDeletedAt",
    ])
    .where("sensor.deletedAt", "is", null);
}

export type SensorRow = Awaited<ReturnType<ReturnType<typeof sensors>["executeTakeFirstOrThrow"]>>;

/** Of the sensors that exist among those, in no order. */
export async function listSensorRows(db: Database, some: string[]): Promise<SensorRow[]> {
  return await sensors(db).where("sensor.id", "in", some).execute();
}

export async function findSensor(db: Database, id: string) {
  return await sensors(db).where("sensor.id", "=", id).executeTakeFirst();
}

export async function hasSensor(db: Database, id: string): Promise<boolean> {
  const query = db.selectFrom("sensor").select("id").where("id", "=", id).where("deletedAt", "is", null);
  return (await query.executeTakeFirst()) !== undefined;
}

/** What authenticates a request: nothing for a sensor that is deleted, uninstalled or removed. */
export async function findSensorKey(db: Database, id: string) {
  return await db
    .selectFrom("sensor")
    .select([
      "id",
      "publicKey",
      "nextPublicKey",
      "keyChangedAt",
      "bootId",
      "hasNewcomers",
      "version",
      "reportedAt",
      "awaitingApproval",
      "blockedAt",
      "replacedAt",
    ])
    .where("id", "=", id)
    .where("deletedAt", "is", null)
    .where("uninstalledAt", "is", null)
    .where("removedAt", "is", null)
    .executeTakeFirst();
}

/** The sensors that have one of the public keys, deleted ones too, each with the hash of the token it came with. */
export async function listSensorsByPublicKey(db: Database, publicKeys: string[]) {
  return await forSomeValues(publicKeys, (some) => sensorsByPublicKey(db, some).execute());
}

function sensorsByPublicKey(db: Database, some: string[]) {
  return db
    .selectFrom("sensor")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", "assetGroup.id", "asset.assetGroupId")
    .select([
      "sensor.id",
      "sensor.publicKey",
      "sensor.deletedAt",
      "sensor.uninstalledAt",
      "sensor.removedAt",
      "sensor.copiedFrom",
      "sensor.blockedAt",
      "sensor.awaitingApproval",
      "enrollmentToken.valueHash",
      "asset.assetGroupId",
      "assetGroup.name as assetGroupName",
    ])
    .where("sensor.publicKey", "in", some);
}

export type SensorByKey = Awaited<ReturnType<typeof listSensorsByPublicKey>>[number];

/** Inserts the sensors as just seen, each with the nonce that its enrollment spent. */
export async function insertSensors(
  tx: Database,
  made: { sensor: SensorTable; address: string; nonce: number }[],
): Promise<void> {
  const rows = made.map(({ sensor }) => sensor);
  await forSomeRows(rows, (some) => tx.insertInto("sensor").values(some).execute());
  const presences = made.map(({ sensor, address, nonce }) => ({
    sensorId: sensor.id,
    lastSeenAt: sensor.enrolledAt,
    lastNonce: nonce,
    address,
  }));
  await forSomeRows(presences, (some) => tx.insertInto("sensorPresence").values(some).execute());
}

export type HostColumns = Partial<
  Pick<
    SensorTable,
    | "hostname"
    | "hostnameKey"
    | "platform"
    | "osName"
    | "osVersion"
    | "version"
    | "reportedAt"
    | "awaitingApproval"
    | "approvedAt"
    | "approvedBy"
    | "blockedAt"
    | "blockedBy"
    | "uninstalledAt"
    | "publicKey"
    | "nextPublicKey"
    | "keyChangedAt"
    | "bootId"
    | "hasNewcomers"
    | "enrolledHost"
    | "architecture"
    | "assetId"
    | "replacedBy"
    | "replacedAt"
    | "replacementDecidedBy"
  >
>;

export async function updateSensor(db: Database, id: string, columns: HostColumns): Promise<void> {
  await db.updateTable("sensor").set(columns).where("id", "=", id).execute();
}

/** Marks the sensor deleted; answers its hostname, or undefined when there is none. */
export async function markSensorDeleted(
  tx: Database,
  id: string,
  deletedAt: number,
): Promise<string | undefined> {
  const row = await tx
    .updateTable("sensor")
    .set({ deletedAt })
    .where("id", "=", id)
    .where("deletedAt", "is", null)
    .returning("hostname")
    .executeTakeFirst();
  return row?.hostname;
}

/** Marks those deleted whose history a deleted sensor went on with. */
export async function markReplacedDeleted(
  tx: Database,
  ids: readonly string[],
  deletedAt: number,
): Promise<void> {
  await forSomeValues(ids, (some) =>
    tx.updateTable("sensor").set({ deletedAt }).where("id", "in", some).execute(),
  );
}

/** How many sensors of a token exist, by standing, and how many of those that report were seen since. */
export async function countSensorsOfToken(db: Database, tokenId: string, onlineSince: number) {
  const rows = await db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .select((eb) => [
      "sensor.standing",
      eb.fn.countAll().as("sensors"),
      eb.fn
        .sum(eb.case().when("sensorPresence.lastSeenAt", ">=", onlineSince).then(1).else(0).end())
        .as("seen"),
    ])
    .where("sensor.enrollmentTokenId", "=", tokenId)
    .where("sensor.deletedAt", "is", null)
    .groupBy("sensor.standing")
    .execute();
  return rows.map(({ standing, sensors, seen }) => ({
    standing,
    sensors: Number(sensors),
    seen: Number(seen),
  }));
}

/** The sensors that exist of a token and are not blocked, enrolled at `since` or later, with the address that each enrolled from. */
export async function listBlockable(db: Database, tokenId: string, since: number) {
  return await blockable(db, tokenId, since)
    .innerJoin("enrollmentAttempt", "enrollmentAttempt.sensorId", "sensor.id")
    .select(["sensor.id", "sensor.hostname", "enrollmentAttempt.address as enrolledFrom"])
    .orderBy("sensor.hostnameKey")
    .orderBy("sensor.id")
    .execute();
}

export async function countBlockable(db: Database, tokenId: string, since: number): Promise<number> {
  const { count } = await blockable(db, tokenId, since)
    .select((eb) => eb.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The first of them, by hostname. */
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

/** The sensors, whose rows the caller has found unblocked. */
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

/** The sensor's row, locked until the transaction ends; not a deleted one. */
export async function lockSensor(tx: Database, id: string) {
  const query = tx.selectFrom("sensor").selectAll().where("id", "=", id).where("deletedAt", "is", null);
  return await lockRows(tx, query).executeTakeFirst();
}

/** How many sensors were copied from one. */
export async function countCopies(tx: Database, id: string): Promise<number> {
  const row = await tx
    .selectFrom("sensor")
    .select((eb) => eb.fn.countAll().as("count"))
    .where("copiedFrom", "=", id)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
