// Reads sensors for users, and updates them from their reports.
import { createHash } from "node:crypto";
import { formatKeyFingerprint } from "@attacklens/protocol/key-fingerprint.ts";
import { listActions } from "@attacklens/protocol/obstacles.ts";
import { SENSOR_OBSTACLES } from "@attacklens/protocol/sensor-obstacles.ts";
import type { ListedSensor, Sensor } from "@attacklens/protocol/sensors.ts";
import { z } from "zod";
import { type AuditEvent, recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, toInstant } from "../ids.ts";
import { addressOfKey } from "../networks.ts";
import { permitted } from "../permitted.ts";
import { presentClones } from "./clones/clone-sensors.ts";
import { findLikes, presentReplaced } from "./matches/matches.ts";
import { isHostnameAllowed, recordRename } from "./record/admitted-hostnames.ts";
import { lockSender, type Sender } from "./record/lock-sender.ts";
import { sensorNotFound } from "./record/locked-sensor.ts";
import { SENSOR_ACTIONS, SENSOR_RULES, sensorObstacle } from "./record/sensor-obstacles.ts";
import { onlineSince, sensorStatus } from "./record/sensor-status.ts";
import {
  findSensor,
  hasSensor,
  type ListedRow,
  listHostColumns,
  listSensorRows,
  lockSensor,
  type SensorRow,
  updateSensor,
} from "./record/sensors-store.ts";
import { atTime, pageOfSensors } from "./sensor-list-store.ts";
import type { SensorPage } from "./sensor-page-store.ts";

export interface SensorView {
  now: number;
  checkInIntervalSeconds: number;
  user: User;
}

type Match = NonNullable<Sensor["match"]>;

const texts = z.array(z.string());

/** A row of a list. Absent members have no value. */
function presentListed(row: ListedRow, view: SensorView, match?: Match): ListedSensor {
  const facts = { ...row, hasMatch: match !== undefined };
  return {
    ...presentCommon(row, view),
    ...(row.admittedHostname === row.hostname ? {} : { admittedHostname: row.admittedHostname }),
    ...(isHostnameAllowed(row) ? {} : { isHostnameAllowed: false as const }),
    ...(row.clonedFrom === null ? {} : { cloneOf: originalOf(row, row.clonedFrom) }),
    ...(row.awaitingApproval === 1 ? { fingerprint: keyFingerprint(row.publicKey) } : {}),
    ...(match ? { match: withoutFacts(match) } : {}),
    ...(row.replacedBy === null ? {} : { replacedBy: successorOf(row, row.replacedBy) }),
    ...listActions(SENSOR_OBSTACLES, SENSOR_RULES, view.user.role, facts),
  };
}

function present(row: SensorRow, view: SensorView, match: Sensor["match"] = null): Sensor {
  const facts = { ...row, hasMatch: match !== null };
  return {
    ...presentCommon(row, view),
    admittedHostname: row.admittedHostname,
    isHostnameAllowed: isHostnameAllowed(row),
    fingerprint: keyFingerprint(row.publicKey),
    ephemeralHours: row.ephemeralHours,
    approvedAt: toInstant(row.approvedAt),
    approvedBy: row.approvedBy,
    blockedAt: toInstant(row.blockedAt),
    blockedBy: row.blockedBy,
    uninstalledAt: toInstant(row.uninstalledAt),
    removedAt: toInstant(row.removedAt),
    keyChangedAt: toInstant(row.keyChangedAt),
    cloneOf: row.clonedFrom === null ? null : originalOf(row, row.clonedFrom),
    match,
    replacedBy: row.replacedBy === null ? null : successorOf(row, row.replacedBy),
    replacedAt: toInstant(row.replacedAt),
    can: permitted(view.user, "sensors:manage", SENSOR_ACTIONS, (action) => sensorObstacle(action, facts)),
  };
}

/** What a row of the list and the sensor itself always have. */
export function presentCommon(row: ListedRow, { now, checkInIntervalSeconds }: SensorView) {
  return {
    id: row.id,
    hostname: row.hostname,
    status: sensorStatus(row, now, checkInIntervalSeconds),
    platform: row.platform,
    os: { name: row.osName, version: row.osVersion },
    architecture: row.architecture,
    version: row.version,
    address: addressOfKey(row.address),
    enrolledAt: toInstant(row.enrolledAt),
    enrolledBy: {
      id: row.enrollmentTokenId,
      name: row.enrollmentTokenName,
      deleted: row.enrollmentTokenDeletedAt !== null,
    },
    lastSeenAt: toInstant(row.lastSeenAt),
    asset: { id: row.assetId, name: row.assetName },
    assetGroup: row.assetGroupId === null ? null : { id: row.assetGroupId, name: row.assetGroupName ?? "" },
    tags: row.tags === "[]" ? [] : texts.parse(JSON.parse(row.tags)),
  };
}

const withoutFacts = ({ sensor, lastSeenAt, isCertain, agreeing, differing }: Match) => ({
  ...{ sensor, lastSeenAt, isCertain, agreeing, differing },
});

const originalOf = ({ originalHostname, originalDeletedAt }: ListedRow, id: string) => ({
  id,
  name: originalHostname ?? "",
  deleted: originalDeletedAt !== null,
});

const successorOf = ({ successorHostname }: ListedRow, id: string) => ({ id, name: successorHostname ?? "" });

type SensorQuery = Omit<SensorPage, "notSeenFor"> & { notSeenFor?: string | undefined };

export async function listSensors(db: Database, view: SensorView, query: SensorQuery) {
  const since = onlineSince(view.now, view.checkInIntervalSeconds);
  const { rows, ...page } = await pageOfSensors(db, since, atTime(query, view.now));
  const likes = await findLikes(db, since, rows);
  return { items: rows.map((row) => presentListed(row, view, likes.get(row.id))), ...page };
}

/** Throws not-found. */
export async function getSensor(db: Database, view: SensorView, id: string): Promise<Sensor> {
  const row = await findSensor(db, id);
  if (!row) throw sensorNotFound(id);
  const likes = await findLikes(db, onlineSince(view.now, view.checkInIntervalSeconds), [row]);
  return present(row, view, likes.get(id));
}

/** Throws not-found. */
export async function requireSensor(db: Database, id: string): Promise<void> {
  if (!(await hasSensor(db, id))) throw sensorNotFound(id);
}

/** Returns the sensor with its clones and the sensors whose history it continues. Throws not-found. */
export async function getSensorInFull(db: Database, view: SensorView, id: string) {
  const row = await findSensor(db, id);
  if (!row) throw sensorNotFound(id);
  const clones = await presentClones(db, row, row.enrolledHost);
  const likes = await findLikes(db, onlineSince(view.now, view.checkInIntervalSeconds), [row]);
  return { ...present(row, view, likes.get(id)), clones, replaces: await presentReplaced(db, id) };
}

/** Returns four words of the SHA-256 of the key's 32 bytes. */
export function keyFingerprint(publicKey: string): string {
  return formatKeyFingerprint(createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest());
}

/** Records a user's action in the audit log. */
export async function recordSensorEvent(tx: Database, ...event: Parameters<typeof sensorEvent>) {
  await recordAuditEvent(tx, sensorEvent(...event));
}

export function sensorEvent(
  at: number,
  user: User,
  action: "sensor.approved" | "sensor.approval-withdrawn" | "sensor.blocked" | "sensor.unblocked",
  { id, hostname }: { id: string; hostname: string },
): AuditEvent {
  return { at, actor: userActor(user), action, entity: { type: "sensor", id, name: hostname } };
}

/** Returns the existing sensors in the order of the ids, for the preview of an action on them. */
export async function presentSample(db: Database, view: SensorView, ids: string[]) {
  const rows = new Map((await listSensorRows(db, ids)).map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    const { hostname, status, address, enrolledAt } = presentCommon(row, view);
    return [{ id, hostname, status, address, enrolledAt }];
  });
}

/** What a system report says about a host. */
export interface SensorFacts {
  hostname?: string;
  platform?: Sensor["platform"];
  osName?: string;
  osVersion?: string;
}

/** Returns the stored facts of the sensors, by their ids. */
export async function listSensorFacts(
  db: Database,
  ids: readonly string[],
): Promise<Map<string, SensorFacts>> {
  return new Map((await listHostColumns(db, ids)).map(({ id, ...facts }) => [id, facts]));
}

/** Stores the host facts of a system report, in a transaction. Absent columns stay unchanged. */
export async function updateSensorFacts(
  tx: Database,
  now: number,
  id: string,
  facts: SensorFacts,
): Promise<void> {
  if (Object.keys(facts).length === 0) return;
  const { hostname } = facts;
  if (hostname !== undefined) {
    const sensor = await lockSensor(tx, id);
    if (sensor) await recordRename(tx, now, sensor, hostname);
  }
  const hostnameKey = hostname === undefined ? {} : { hostnameKey: nameKey(hostname) };
  await updateSensor(tx, id, { ...facts, ...hostnameKey });
}

/** Throws the problems of `lockSender`. */
export async function updateSensorVersion(db: Database, sender: Sender, version: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await lockSender(tx, sender);
    await updateSensor(tx, sender.id, { version });
  });
}
