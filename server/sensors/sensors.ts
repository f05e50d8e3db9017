// Sensors as people see them, and what their reports change about them.

import { Problem } from "@attacklens/protocol/problems.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import type { User } from "../route-handler.ts";
import { onlineSince, sensorStatus } from "./sensor-status.ts";
import {
  findSensor,
  markSensorDeleted,
  pageOfSensors,
  type SensorPage,
  type SensorRow,
  updateSensor,
} from "./sensors-store.ts";

interface View {
  now: number;
  checkInIntervalSeconds: number;
  user: User;
}

function present(row: SensorRow, { now, checkInIntervalSeconds, user }: View): Sensor {
  return {
    id: row.id,
    hostname: row.hostname,
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
    can: { delete: permitted(user, "sensors:manage") },
  };
}

export async function listSensors(db: Database, view: View, query: SensorPage) {
  const since = onlineSince(view.now, view.checkInIntervalSeconds);
  const { rows, ...page } = await pageOfSensors(db, since, query);
  return { items: rows.map((row) => present(row, view)), ...page };
}

/** Throws not-found. */
export async function getSensor(db: Database, view: View, id: string): Promise<Sensor> {
  const row = await findSensor(db, id);
  if (!row) throw notFound(id);
  return present(row, view);
}

/** Removed here; the program is told at its next request that it is not known. Its asset stays. Throws not-found. */
export async function deleteSensor(db: Database, now: number, user: User, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const hostname = await markSensorDeleted(tx, id, now);
    if (hostname === undefined) throw notFound(id);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "sensor.deleted",
      entity: { type: "sensor", id },
      details: { hostname },
    });
  });
}

function notFound(id: string): Problem {
  return new Problem("not-found", `There is no sensor ${id}`);
}

/** Takes over what the sensor's system report says of the host; columns that are absent stay. */
export async function updateSensorFacts(
  db: Database,
  id: string,
  facts: { hostname?: string; platform?: Sensor["platform"]; osName?: string; osVersion?: string },
): Promise<void> {
  const hostnameKey = facts.hostname === undefined ? {} : { hostnameKey: nameKey(facts.hostname) };
  if (Object.keys(facts).length > 0) await updateSensor(db, id, { ...facts, ...hostnameKey });
}

export async function updateSensorVersion(db: Database, id: string, version: string): Promise<void> {
  await updateSensor(db, id, { version });
}

/** The first inventory is complete: the sensor is pending no longer. */
export async function markSensorReported(db: Database, id: string, reportedAt: number): Promise<void> {
  await updateSensor(db, id, { reportedAt });
}
