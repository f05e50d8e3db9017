// Sensors in SQL.
import { sql } from "kysely";
import { forSomeRows, forSomeValues } from "../../db/batches.ts";
import { lockRows } from "../../db/dialect.ts";
import { isLiveGroup } from "../../db/live-group.ts";
import type { Database, SensorTable, Standing } from "../../db/schema.ts";
import { inSnapshot, readByIndex } from "../../db/snapshot.ts";
import { insertKnownKeys } from "../identity/known-keys-store.ts";

function sensors(db: Database) {
  return db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .leftJoin("user as approver", "approver.id", "sensor.approvedBy")
    .leftJoin("user as blocker", "blocker.id", "sensor.blockedBy")
    .leftJoin("assetGroup", isLiveGroup)
    .leftJoin("sensor as original", "original.id", "sensor.clonedFrom")
    .leftJoin("sensor as successor", "successor.id", "sensor.replacedBy")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.admittedHostname",
      // Read for hosts that were renamed alone.
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
      "approver.name as approvedBy",
      "sensor.blockedAt",
      "blocker.name as blockedBy",
      "sensor.uninstalledAt",
      "sensor.removedAt",
      "sensor.keyChangedAt",
      "sensor.enrolledHost",
      "sensor.clonedFrom",
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
      "assetGroup.id as assetGroupId",
      "assetGroup.name as assetGroupName",
      "sensor.enrollmentTokenId",
      "enrollmentToken.name as enrollmentTokenName",
      "enrollmentToken.deletedAt as enrollmentTokenDeletedAt",
    ])
    .where("sensor.deletedAt", "is", null);
}

export type SensorRow = Awaited<ReturnType<ReturnType<typeof sensors>["executeTakeFirstOrThrow"]>>;

/** Of the sensors that exist among those, in no order. */
export async function listSensorRows(db: Database, ids: string[]): Promise<SensorRow[]> {
  return await forSomeValues(ids, (some) => sensors(db).where("sensor.id", "in", some).execute());
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
      "instanceId",
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
  await insertKnownKeys(
    tx,
    made.map(({ sensor: { id, publicKey, clonedFrom } }) => ({
      publicKey,
      sensorId: id,
      state: "present",
      origin: clonedFrom === null ? "enrollment" : "clone",
      replacedAt: null,
    })),
  );
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
    | "instanceId"
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

/** Marks the sensor deleted; returns undefined when there is none. */
export async function markSensorDeleted(
  tx: Database,
  id: string,
  deletedAt: number,
): Promise<{ hostname: string; assetId: string } | undefined> {
  return await tx
    .updateTable("sensor")
    .set({ deletedAt })
    .where("id", "=", id)
    .where("deletedAt", "is", null)
    .returning(["hostname", "assetId"])
    .executeTakeFirst();
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

/** How many sensors of a token exist, by standing. */
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

/** How many of a token's reporting sensors were seen since: all are read, some at a time, by id as presence has them. */
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

/** Sensors of one slice: what a slice costs is not noticed by others. */
const SLICE = 1_000;

/**
 * The sensors that exist of a token and are not blocked, enrolled at `since` or later, by hostname, with the address that each
 * enrolled from: some at a time, so that a large token holds neither the thread nor the memory.
 */
export async function* blockableSlices(db: Database, tokenId: string, since: number) {
  let after: { hostnameKey: string; id: string } | undefined;
  do {
    const last = after;
    const slice = await blockable(db, tokenId, since)
      .innerJoin("enrollmentAttempt", "enrollmentAttempt.sensorId", "sensor.id")
      .select([
        "sensor.id",
        "sensor.hostname",
        "sensor.hostnameKey",
        "enrollmentAttempt.address as enrolledFrom",
      ])
      .$if(last !== undefined, (query) =>
        query.where(sql<boolean>`(sensor.hostname_key, sensor.id) > (${last?.hostnameKey}, ${last?.id})`),
      )
      .orderBy("sensor.hostnameKey")
      .orderBy("sensor.id")
      .limit(SLICE)
      .execute();
    yield slice;
    after = slice.length < SLICE ? undefined : slice.at(-1);
  } while (after);
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

/**
 * Of one enrolled sensor, its clones and theirs: how many clones there are, and how many of them await approval. Clones
 * that an operator deleted do not count.
 */
export async function countClones(tx: Database, id: string): Promise<{ clones: number; waiting: number }> {
  // PostgreSQL would read the clones of all sensors.
  await readByIndex(tx);
  const { rows } = await sql<{ clones: unknown; waiting: unknown }>`
    with recursive ancestor (id, cloned_from) as (
      select id, cloned_from from sensor where id = ${id}
      union all
      select sensor.id, sensor.cloned_from from sensor join ancestor on sensor.id = ancestor.cloned_from
    ), family (id) as (
      select id from ancestor where cloned_from is null
      union all
      select sensor.id from sensor join family on sensor.cloned_from = family.id
    )
    select count(*) as clones, coalesce(sum(sensor.awaiting_approval), 0) as waiting
    from family join sensor on sensor.id = family.id
    where sensor.cloned_from is not null and sensor.deleted_at is null`.execute(tx);
  return { clones: Number(rows[0]!.clones), waiting: Number(rows[0]!.waiting) };
}
