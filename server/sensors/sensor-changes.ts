// Changes of a sensor by users: approve, block, merge, delete.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { restoreIdentifiers, withdrawIdentifiers } from "../assets/assets.ts";
import { recordAuditEvents, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { parseHost } from "./clones/instance-host.ts";
import { detectMatches, presentReplaced } from "./matches/matches.ts";
import { deleteOpenMatches, listPredecessorIds, listReplacedIds } from "./matches/matches-store.ts";
import { dismiss, merge, unmerge } from "./matches/merges.ts";
import { markSensorsDeleted, markUnblocked } from "./record/bulk-changes-store.ts";
import { type LockedSensor, lockForAction, type SoloAction, sensorNotFound } from "./record/locked-sensor.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { findSensor, markReplacedDeleted, updateSensor } from "./record/sensors-store.ts";
import { getSensor, keyFingerprint, recordSensorEvent, type SensorView, sensorEvent } from "./sensors.ts";
import { blockSensors } from "./token-sensors.ts";

/** Runs a change on the locked sensor and returns the changed sensor. Throws not-found, state-conflict. */
async function change(
  db: Database,
  view: SensorView,
  id: string,
  action: SoloAction,
  work: (tx: Database, sensor: LockedSensor) => Promise<void>,
): Promise<Sensor> {
  await inTransaction(db, async (tx) => {
    await work(tx, await lockForAction(tx, id, action));
  });
  return await getSensor(db, view, id);
}

/** Approves a waiting sensor. Throws not-found, and state-conflict, also for another fingerprint. */
export async function approveSensor(db: Database, view: SensorView, id: string, fingerprint: string) {
  const { now, user } = view;
  return await change(db, view, id, "approve", async (tx, sensor) => {
    if (keyFingerprint(sensor.publicKey) !== fingerprint.trim().toLowerCase()) {
      throw new Problem(
        "state-conflict",
        "Cannot approve sensor: the fingerprint is not this sensor's; another machine may pose as it",
      );
    }
    await updateSensor(tx, id, { awaitingApproval: 0, approvedAt: now, approvedBy: user.id });
    await recordSensorEvent(tx, now, user, "sensor.approved", sensor);
    await identify(tx, view, sensor);
  });
}

/**
 * Undoes the approval: the sensor awaits approval again. Throws not-found, and state-conflict, also if the
 * sensor continues the history of another one.
 */
export async function withdrawApproval(db: Database, view: SensorView, id: string) {
  return await change(db, view, id, "withdrawApproval", async (tx, sensor) => {
    const [replaced] = await presentReplaced(tx, id);
    if (replaced) {
      throw new Problem(
        "state-conflict",
        `Can't withdraw the approval of the sensor: it continues the history of ${replaced.sensor.name}. Undo the merge first.`,
      );
    }
    await updateSensor(tx, id, { awaitingApproval: 1, approvedAt: null, approvedBy: null });
    await withdrawIdentifiers(tx, [sensor.assetId]);
    await deleteOpenMatches(tx, id);
    await recordSensorEvent(tx, view.now, view.user, "sensor.approval-withdrawn", sensor);
  });
}

/** Makes the host's facts identify its asset, and detects matches with earlier sensors. */
async function identify(
  tx: Database,
  { now, checkInIntervalSeconds }: SensorView,
  sensor: LockedSensor,
): Promise<void> {
  await restoreIdentifiers(tx, sensor.assetId, parseHost(sensor.enrolledHost));
  // A clone runs beside its original, so it is not a re-imaged host.
  if (sensor.clonedFrom !== null) return;
  const assetGroupId = (await findSensor(tx, sensor.id))?.assetGroupId ?? null;
  await detectMatches(tx, [{ id: sensor.id, host: parseHost(sensor.enrolledHost) }], {
    now,
    assetGroupId,
    checkInIntervalSeconds,
    decidedIds: await listPredecessorIds(tx, sensor.id),
  });
}

/** Throws not-found, state-conflict. */
export async function blockSensor(db: Database, view: SensorView, id: string) {
  return await change(db, view, id, "block", (tx, sensor) => blockSensors(tx, view.now, view.user, [sensor]));
}

/** Throws not-found, state-conflict. */
export async function unblockSensor(db: Database, view: SensorView, id: string) {
  return await change(db, view, id, "unblock", (tx, sensor) =>
    unblockSensors(tx, view.now, view.user, [sensor]),
  );
}

/** Unblocks the locked sensors. */
export async function unblockSensors(
  tx: Database,
  now: number,
  user: User,
  sensors: { id: string; hostname: string }[],
): Promise<void> {
  await markUnblocked(
    tx,
    sensors.map(({ id }) => id),
  );
  await recordAuditEvents(
    tx,
    sensors.map((sensor) => sensorEvent(now, user, "sensor.unblocked", sensor)),
  );
}

/** Continues the history of the matching silent sensor. Throws not-found, state-conflict. */
export async function mergeSensor(db: Database, view: SensorView, id: string, predecessorId: string) {
  await inTransaction(db, (tx) => merge(tx, decisionOf(view), { sensorId: id, predecessorId }));
  return await getSensor(db, view, id);
}

/** Throws not-found, state-conflict. */
export async function dismissMatch(db: Database, view: SensorView, id: string, predecessorId: string) {
  await inTransaction(db, (tx) => dismiss(tx, decisionOf(view), { sensorId: id, predecessorId }));
  return await getSensor(db, view, id);
}

/** Undoes the merge that replaced this sensor. Throws not-found, state-conflict. */
export async function undoMerge(db: Database, view: SensorView, id: string) {
  return await change(db, view, id, "undoMerge", (tx) => unmerge(tx, view.now, view.user, id));
}

function decisionOf({ now, user, checkInIntervalSeconds }: SensorView) {
  return { now, user, since: onlineSince(now, checkInIntervalSeconds) };
}

/**
 * Deletes the sensor on the server. The sensor process receives sensor-unknown at its next request. The asset
 * stays. Throws not-found.
 */
export async function deleteSensor(db: Database, now: number, user: User, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    if ((await deleteSensors(tx, now, user, [{ id }])) === 0) throw sensorNotFound(id);
  });
}

/** Deletes the sensors that exist, with those whose history they continue. Returns their number. */
export async function deleteSensors(
  tx: Database,
  now: number,
  user: User,
  sensors: { id: string }[],
): Promise<number> {
  const ids = sensors.map(({ id }) => id);
  const replaced = await listReplacedIds(tx, ids);
  const deleted = await markSensorsDeleted(tx, ids, now);
  await markReplacedDeleted(tx, replaced, now);
  await withdrawIdentifiers(
    tx,
    deleted.map(({ assetId }) => assetId),
  );
  await recordAuditEvents(
    tx,
    deleted.map(({ id, hostname }) => ({
      ...{ at: now, actor: userActor(user), action: "sensor.deleted" },
      entity: { type: "sensor", id, name: hostname },
    })),
  );
  return deleted.length;
}
