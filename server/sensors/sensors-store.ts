// Sensors in SQL.
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { lockRows } from "../db/dialect.ts";
import { byNumber, byText, cappedCount, contains, keysetRows } from "../db/keyset.ts";
import type { Database, SensorTable } from "../db/schema.ts";
import { insertKnownKeys } from "./known-keys-store.ts";
import { openPairSensors } from "./reinstalls-store.ts";

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

export type SensorRow = NonNullable<Awaited<ReturnType<typeof findSensor>>>;

const SORTS = {
  hostname: byText(sql<string>`sensor.hostname_key`),
  lastSeenAt: byNumber(sql<number>`sensor_presence.last_seen_at`),
  enrolledAt: byNumber(sql<number>`sensor.enrolled_at`),
};

export interface SensorPage {
  q?: string | undefined;
  status?: SensorStatus | undefined;
  platform?: SensorTable["platform"] | undefined;
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  looksLike?: "any" | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

/** `onlineSince` is the earliest last check-in that counts as online. */
export async function pageOfSensors(db: Database, onlineSince: number, page: SensorPage) {
  let query = sensors(db);
  if (page.q) query = query.where(contains(sql<string>`sensor.hostname_key`, page.q));
  // In the order of `sensorStatus`: what holds earlier is not what is asked for. Removed and replaced ones are shown to who asks for them.
  query = query.where("sensor.removedAt", page.status === "removed" ? "is not" : "is", null);
  if (page.status !== "removed")
    query = query.where("sensor.replacedAt", page.status === "replaced" ? "is not" : "is", null);
  if (page.status === "uninstalled") query = query.where("sensor.uninstalledAt", "is not", null);
  else if (page.status && page.status !== "removed" && page.status !== "replaced") {
    query = query
      .where("sensor.uninstalledAt", "is", null)
      .where("sensor.blockedAt", page.status === "blocked" ? "is not" : "is", null);
  }
  if (page.status && !["blocked", "uninstalled", "removed", "replaced"].includes(page.status))
    query = query.where("sensor.awaitingApproval", "=", page.status === "awaiting-approval" ? 1 : 0);
  if (page.status === "pending") query = query.where("sensor.reportedAt", "is", null);
  if (page.status === "online" || page.status === "offline") {
    query = query
      .where("sensor.reportedAt", "is not", null)
      .where("sensorPresence.lastSeenAt", page.status === "online" ? ">=" : "<", onlineSince);
  }
  if (page.platform) query = query.where("sensor.platform", "=", page.platform);
  if (page.enrollmentTokenId) query = query.where("sensor.enrollmentTokenId", "=", page.enrollmentTokenId);
  if (page.assetGroupId) query = query.where("asset.assetGroupId", "=", page.assetGroupId);
  if (page.looksLike) query = query.where((eb) => eb.exists(openPairSensors(db, onlineSince)));
  const rows = await keysetRows(query, {
    sort: SORTS[page.sort],
    sortName: page.sort,
    id: sql<string>`sensor.id`,
    order: page.order,
    cursor: page.cursor,
    limit: page.limit,
  });
  return { ...rows, ...(await cappedCount(db, query.clearSelect())) };
}

export async function findSensor(db: Database, id: string) {
  return await sensors(db).where("sensor.id", "=", id).executeTakeFirst();
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

/** Inserts the sensors as just seen, each with the nonce that its enrollment spent. */
export async function insertSensors(
  tx: Database,
  made: { sensor: SensorTable; address: string; nonce: number }[],
): Promise<void> {
  await tx
    .insertInto("sensor")
    .values(made.map(({ sensor }) => sensor))
    .execute();
  const presences = made.map(({ sensor, address, nonce }) => ({
    sensorId: sensor.id,
    lastSeenAt: sensor.enrolledAt,
    lastNonce: nonce,
    address,
  }));
  await tx.insertInto("sensorPresence").values(presences).execute();
  await insertKnownKeys(
    tx,
    made.map(({ sensor: { id, publicKey, copiedFrom } }) => ({
      publicKey,
      sensorId: id,
      state: "present",
      origin: copiedFrom === null ? "enrollment" : "clone",
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
  if (ids.length > 0) await tx.updateTable("sensor").set({ deletedAt }).where("id", "in", ids).execute();
}

/** The sensors that exist of a token, enrolled at `since` or later, by hostname, with the address that each enrolled from. */
export async function listSensorsOfToken(db: Database, tokenId: string, since: number) {
  return await sensors(db)
    .innerJoin("enrollmentAttempt", "enrollmentAttempt.sensorId", "sensor.id")
    .select("enrollmentAttempt.address as enrolledFrom")
    .where("sensor.enrollmentTokenId", "=", tokenId)
    .where("sensor.enrolledAt", ">=", since)
    .orderBy("sensor.hostnameKey")
    .orderBy("sensor.id")
    .execute();
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
  const { rows } = await sql<{ clones: unknown; waiting: unknown }>`
    with recursive ancestor (id, copied_from) as (
      select id, copied_from from sensor where id = ${id}
      union all
      select sensor.id, sensor.copied_from from sensor join ancestor on sensor.id = ancestor.copied_from
    ), family (id) as (
      select id from ancestor where copied_from is null
      union all
      select sensor.id from sensor join family on sensor.copied_from = family.id
    )
    select count(*) as clones, coalesce(sum(sensor.awaiting_approval), 0) as waiting
    from family join sensor on sensor.id = family.id
    where sensor.copied_from is not null and sensor.deleted_at is null`.execute(tx);
  return { clones: Number(rows[0]!.clones), waiting: Number(rows[0]!.waiting) };
}
