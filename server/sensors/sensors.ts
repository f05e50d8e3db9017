// Sensors as people see them, and what their reports change about them.
import { createHash } from "node:crypto";
import { formatKeyFingerprint } from "@attacklens/protocol/key-fingerprint.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { z } from "zod";
import { type AuditEvent, recordAuditEvent, recordAuditEvents, userActor } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { isHostnameAllowed, recordRename } from "../enrollment/admitted-hostnames.ts";
import { nameKey, toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import type { User } from "../route-handler.ts";
import { openTurns } from "../turns.ts";
import { presentClones } from "./clones/clones.ts";
import { findLikes, presentReplaced } from "./matches/matches.ts";
import { SENSOR_ACTIONS, sensorObstacle } from "./record/sensor-obstacles.ts";
import { onlineSince, sensorStatus } from "./record/sensor-status.ts";
import {
  countBlockable,
  countOnlineOfToken,
  countStandingsOfToken,
  findSensor,
  hasSensor,
  listFirstBlockable,
  listSensorRows,
  lockSensor,
  markBlocked,
  type SensorRow,
  updateSensor,
} from "./record/sensors-store.ts";
import { pageOfSensors, type SensorPage } from "./sensor-list-store.ts";

export interface SensorView {
  now: number;
  checkInIntervalSeconds: number;
  user: User;
}

function present(
  row: SensorRow,
  { now, checkInIntervalSeconds, user }: SensorView,
  match: Sensor["match"] = null,
): Sensor {
  const facts = { ...row, hasMatch: match !== null };
  return {
    id: row.id,
    hostname: row.hostname,
    admittedHostname: row.admittedHostname,
    isHostnameAllowed: isHostnameAllowed(row),
    status: sensorStatus(row, now, checkInIntervalSeconds),
    platform: row.platform,
    os: { name: row.osName, version: row.osVersion },
    architecture: row.architecture,
    version: row.version,
    address: row.address,
    enrolledAt: toInstant(row.enrolledAt),
    enrolledBy: {
      id: row.enrollmentTokenId,
      name: row.enrollmentTokenName,
      deleted: row.enrollmentTokenDeletedAt !== null,
    },
    lastSeenAt: toInstant(row.lastSeenAt),
    asset: { id: row.assetId, name: row.assetName },
    assetGroup: row.assetGroupId === null ? null : { id: row.assetGroupId, name: row.assetGroupName ?? "" },
    fingerprint: keyFingerprint(row.publicKey),
    tags: z.array(z.string()).parse(JSON.parse(row.tags)),
    ephemeralHours: row.ephemeralHours,
    approvedAt: toInstant(row.approvedAt),
    approvedBy: row.approvedBy,
    blockedAt: toInstant(row.blockedAt),
    blockedBy: row.blockedBy,
    uninstalledAt: toInstant(row.uninstalledAt),
    removedAt: toInstant(row.removedAt),
    keyChangedAt: toInstant(row.keyChangedAt),
    cloneOf:
      row.clonedFrom === null
        ? null
        : { id: row.clonedFrom, name: row.originalHostname ?? "", deleted: row.originalDeletedAt !== null },
    match,
    replacedBy: row.replacedBy === null ? null : { id: row.replacedBy, name: row.successorHostname ?? "" },
    replacedAt: toInstant(row.replacedAt),
    can: permitted(user, "sensors:manage", SENSOR_ACTIONS, (action) => sensorObstacle(action, facts)),
  };
}

export async function listSensors(db: Database, view: SensorView, query: SensorPage) {
  const since = onlineSince(view.now, view.checkInIntervalSeconds);
  const { rows, ...page } = await pageOfSensors(db, since, query);
  const likes = await findLikes(
    db,
    since,
    rows.map(({ id }) => id),
  );
  return { items: rows.map((row) => present(row, view, likes.get(row.id))), ...page };
}

/** Throws not-found. */
export async function getSensor(db: Database, view: SensorView, id: string): Promise<Sensor> {
  const row = await findSensor(db, id);
  if (!row) throw notFound(id);
  const likes = await findLikes(db, onlineSince(view.now, view.checkInIntervalSeconds), [id]);
  return present(row, view, likes.get(id));
}

/** Throws not-found. */
export async function requireSensor(db: Database, id: string): Promise<void> {
  if (!(await hasSensor(db, id))) throw notFound(id);
}

/** The sensor with the hosts that held its key too, and those whose history it goes on with. Throws not-found. */
export async function getSensorInFull(db: Database, view: SensorView, id: string) {
  const row = await findSensor(db, id);
  if (!row) throw notFound(id);
  const clones = await presentClones(db, row, row.enrolledHost);
  const likes = await findLikes(db, onlineSince(view.now, view.checkInIntervalSeconds), [id]);
  return { ...present(row, view, likes.get(id)), clones, replaces: await presentReplaced(db, id) };
}

/** Four words of the SHA-256 of the key's 32 bytes. */
export function keyFingerprint(publicKey: string): string {
  return formatKeyFingerprint(createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest());
}

/** Sensors blocked in one statement: requests that write nothing wait no longer than for it. */
const BLOCKED_AT_ONCE = 200;

/** Blocks sensors that can be blocked, in the caller's transaction: their next request is refused. */
export async function blockSensors(
  tx: Database,
  now: number,
  user: User,
  sensors: { id: string; hostname: string }[],
): Promise<void> {
  const turns = openTurns();
  for (let start = 0; start < sensors.length; start += BLOCKED_AT_ONCE) {
    if (turns.isOver()) await turns.next();
    const some = sensors.slice(start, start + BLOCKED_AT_ONCE);
    const ids = some.map(({ id }) => id);
    await markBlocked(tx, ids, now, user.id);
    await recordAuditEvents(
      tx,
      some.map((sensor) => sensorEvent(now, user, "sensor.blocked", sensor)),
    );
  }
}

/** In the audit log, by a person. */
export async function recordSensorEvent(tx: Database, ...event: Parameters<typeof sensorEvent>) {
  await recordAuditEvent(tx, sensorEvent(...event));
}

function sensorEvent(
  at: number,
  user: User,
  action: "sensor.approved" | "sensor.blocked" | "sensor.unblocked",
  { id, hostname }: { id: string; hostname: string },
): AuditEvent {
  return { at, actor: userActor(user), action, entity: { type: "sensor", id }, details: { hostname } };
}

/** How many unblocked sensors of a token exist that enrolled at `since` or later, and the first of them by hostname. */
export async function sampleBlockableSensors(
  db: Database,
  view: SensorView,
  tokenId: string,
  since: number,
  limit: number,
) {
  const toBlock = await countBlockable(db, tokenId, since);
  return {
    toBlock,
    sample: await presentSensors(db, view, await listFirstBlockable(db, tokenId, since, limit)),
  };
}

/** In the order of the ids; those that exist. */
export async function presentSensors(db: Database, view: SensorView, ids: string[]): Promise<Sensor[]> {
  const rows = new Map((await listSensorRows(db, ids)).map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    return row ? present(row, view) : [];
  });
}

/** How many sensors of a token exist, and how many of these are online or blocked. */
export async function countTokenSensors(db: Database, view: SensorView, tokenId: string) {
  const counts = await countStandingsOfToken(db, tokenId);
  const since = onlineSince(view.now, view.checkInIntervalSeconds);
  return {
    sensors: counts.values().reduce((sum, count) => sum + count, 0),
    online: await countOnlineOfToken(db, tokenId, since),
    blocked: counts.get("blocked") ?? 0,
  };
}

/** The unblocked sensors of a token that exist and enrolled at `since` or later, by hostname. */
export { blockableSlices } from "./record/sensors-store.ts";

export function notFound(id: string): Problem {
  return new Problem("not-found", `There is no sensor ${id}`);
}

/** Takes over what the sensor's system report says of the host, in a transaction; columns that are absent stay. */
export async function updateSensorFacts(
  tx: Database,
  now: number,
  id: string,
  facts: { hostname?: string; platform?: Sensor["platform"]; osName?: string; osVersion?: string },
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

export async function updateSensorVersion(db: Database, id: string, version: string): Promise<void> {
  await updateSensor(db, id, { version });
}

/** The first inventory is complete: the sensor is pending no longer. */
export async function markSensorReported(db: Database, id: string, reportedAt: number): Promise<void> {
  await updateSensor(db, id, { reportedAt });
}
