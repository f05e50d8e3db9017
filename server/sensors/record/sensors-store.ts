// Sensors in SQL.
import { sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import { isAmong, lockRows } from "../../db/dialect.ts";
import { isLiveGroup } from "../../db/live-group.ts";
import { rowsStatement } from "../../db/rows-statement.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorTable } from "../../db/schema-sensors.ts";
import { type Place, statement } from "../../db/statement.ts";
import { HAS_UNDECIDED } from "../../db/undecided-matches.ts";

/** What a list shows. */
function listedSensors(db: Database) {
  return db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .leftJoin("assetGroup", isLiveGroup)
    .leftJoin("sensor as original", "original.id", "sensor.clonedFrom")
    .leftJoin("sensor as successor", "successor.id", "sensor.replacedBy")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.admittedHostname",
      // Read only for renamed hosts.
      sql<string>`case when sensor.hostname = sensor.admitted_hostname then '[]' else enrollment_token.allowed_hostnames end`.as(
        "allowedHostnames",
      ),
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
      "sensor.blockedAt",
      "sensor.uninstalledAt",
      "sensor.removedAt",
      "sensor.clonedFrom",
      "original.hostname as originalHostname",
      "original.deletedAt as originalDeletedAt",
      "sensor.replacedBy",
      "sensor.replacedAt",
      "successor.hostname as successorHostname",
      "asset.tags",
      "sensorPresence.address",
      "sensorPresence.lastSeenAt",
      "sensor.assetId",
      "asset.name as assetName",
      "assetGroup.id as assetGroupId",
      "assetGroup.name as assetGroupName",
      "sensor.enrollmentTokenId",
      "enrollmentToken.name as enrollmentTokenName",
      "enrollmentToken.deletedAt as enrollmentTokenDeletedAt",
      HAS_UNDECIDED,
    ])
    .where("sensor.deletedAt", "is", null);
}

function sensors(db: Database) {
  return listedSensors(db)
    .leftJoin("user as approver", "approver.id", "sensor.approvedBy")
    .leftJoin("user as blocker", "blocker.id", "sensor.blockedBy")
    .select([
      "approver.name as approvedBy",
      "blocker.name as blockedBy",
      "sensor.keyChangedAt",
      "sensor.enrolledHost",
      "sensor.ephemeralHours",
    ]);
}

export type ListedRow = Awaited<ReturnType<ReturnType<typeof listedSensors>["executeTakeFirstOrThrow"]>>;
export type SensorRow = Awaited<ReturnType<ReturnType<typeof sensors>["executeTakeFirstOrThrow"]>>;

const rowsOf = rowsStatement((db, place: Place<{ ids: string }>) =>
  listedSensors(db).where(isAmong(db, "sensor.id", place("ids"))),
);

/** Returns the rows of those sensors that exist, unsorted. */
export async function listSensorRows(db: Database, ids: readonly string[]): Promise<ListedRow[]> {
  return ids.length === 0 ? [] : await rowsOf(db, { ids: JSON.stringify(ids) });
}

/** The columns that decide which actions are possible. */
export type SensorStateRow = Pick<SensorTable, (typeof STATE_COLUMNS)[number]>;

export const STATE_COLUMNS = [
  ...(["id", "hostname", "awaitingApproval", "approvedAt", "blockedAt"] as const),
  ...(["uninstalledAt", "removedAt", "replacedAt"] as const),
] as const;

const statesOf = statement((db, place: Place<{ ids: string }>) =>
  db
    .selectFrom("sensor")
    .select(STATE_COLUMNS)
    .where(isAmong(db, "id", place("ids")))
    .where("deletedAt", "is", null)
    .compile(),
);

/** Returns them for those sensors that exist, unsorted. */
export async function listStateRows(db: Database, ids: readonly string[]): Promise<SensorStateRow[]> {
  return ids.length === 0 ? [] : await statesOf(db, { ids: JSON.stringify(ids) });
}

const sensorOf = statement((db, place: Place<{ id: string }>) =>
  sensors(db).where("sensor.id", "=", place("id")).compile(),
);

export async function findSensor(db: Database, id: string): Promise<SensorRow | undefined> {
  return (await sensorOf(db, { id }))[0];
}

export async function hasSensor(db: Database, id: string): Promise<boolean> {
  const query = db.selectFrom("sensor").select("id").where("id", "=", id).where("deletedAt", "is", null);
  return (await query.executeTakeFirst()) !== undefined;
}

/** Includes deleted sensors. */
export async function hasSensors(db: Database): Promise<boolean> {
  return (await db.selectFrom("sensor").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Returns whether a stored report exists. */
export async function hasHistory(db: Database): Promise<boolean> {
  const query = db.selectFrom("inventoryHistory").select("sensorId").limit(1);
  return (await query.executeTakeFirst()) !== undefined;
}

function sensorStates(db: Database) {
  return db
    .selectFrom("sensor")
    .select([
      "id",
      "publicKey",
      "nextPublicKey",
      "agreementKey",
      "keyChangedAt",
      "instanceId",
      "hasNewcomers",
      "version",
      "reportedAt",
      "awaitingApproval",
      "blockedAt",
      "replacedAt",
      "standing",
      "revision",
    ])
    .where("deletedAt", "is", null)
    .where("uninstalledAt", "is", null)
    .where("removedAt", "is", null);
}

const sensorStatesOf = statement((db, place: Place<{ ids: string }>) =>
  sensorStates(db)
    .where(isAmong(db, "id", place("ids")))
    .compile(),
);

/** Returns the columns for authentication, without sensors that are deleted, unenrolled or removed. */
export async function listSensorStates(db: Database, ids: readonly string[]) {
  return ids.length === 0 ? [] : await sensorStatesOf(db, { ids: JSON.stringify(ids) });
}

const lockedStatesOf = statement((db, place: Place<{ ids: string }>) =>
  lockRows(
    db,
    sensorStates(db)
      .where(isAmong(db, "id", place("ids")))
      .orderBy("id"),
  ).compile(),
);

/** The same. Locks the rows until the transaction ends, in an order that avoids deadlocks. */
export async function lockSensorStates(tx: Database, ids: readonly string[]): Promise<SensorState[]> {
  return await lockedStatesOf(tx, { ids: JSON.stringify(ids) });
}

export type SensorState = Awaited<ReturnType<typeof listSensorStates>>[number];

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
    | "instanceId"
    | "agreementKey"
    | "hasNewcomers"
    | "enrolledHost"
    | "architecture"
    | "assetId"
    | "replacedBy"
    | "replacedAt"
    | "replacementDecidedBy"
  >
>;

type SensorUpdate = (db: Database, values: HostColumns & { id: string }) => Promise<unknown>;

/** By the names of the columns. The program has a fixed number of such sets. */
const sensorUpdates = new Map<string, SensorUpdate>();

export async function updateSensor(db: Database, id: string, columns: HostColumns): Promise<void> {
  const names = Object.keys(columns).sort() as (keyof HostColumns)[];
  const update = sensorUpdates.get(names.join()) ?? updateOf(names);
  sensorUpdates.set(names.join(), update);
  await update(db, { ...columns, id });
}

function updateOf(names: readonly (keyof HostColumns)[]): SensorUpdate {
  return statement((db, place: Place<HostColumns & { id: string }>) =>
    db
      .updateTable("sensor")
      .set(Object.fromEntries(names.map((name) => [name, place(name)])))
      .where("id", "=", place("id"))
      .compile(),
  );
}

const hostColumnsOf = statement((db, place: Place<{ ids: string }>) =>
  db
    .selectFrom("sensor")
    .select(["id", "hostname", "platform", "osName", "osVersion"])
    .where(isAmong(db, "id", place("ids")))
    .compile(),
);

/** Returns the columns that a system report repeats. */
export async function listHostColumns(db: Database, ids: readonly string[]) {
  return ids.length === 0 ? [] : await hostColumnsOf(db, { ids: JSON.stringify(ids) });
}

/** Marks the sensors as deleted whose history a deleted sensor continued. */
export async function markReplacedDeleted(
  tx: Database,
  ids: readonly string[],
  deletedAt: number,
): Promise<void> {
  await forSomeValues(ids, (some) =>
    tx.updateTable("sensor").set({ deletedAt }).where("id", "in", some).execute(),
  );
}

const lockedSensor = statement((db, place: Place<{ id: string }>) =>
  lockRows(
    db,
    db.selectFrom("sensor").selectAll().where("id", "=", place("id")).where("deletedAt", "is", null),
  ).compile(),
);

/** Locks the sensor's row until the transaction ends. Ignores deleted sensors. */
export async function lockSensor(tx: Database, id: string) {
  return (await lockedSensor(tx, { id }))[0];
}

/**
 * Returns JSON of the hostname patterns of the token that a sensor enrolled with. The token may be deleted.
 */
export async function findAllowedHostnames(db: Database, sensorId: string): Promise<string> {
  const row = await db
    .selectFrom("sensor")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .select("enrollmentToken.allowedHostnames")
    .where("sensor.id", "=", sensorId)
    .executeTakeFirstOrThrow();
  return row.allowedHostnames;
}
