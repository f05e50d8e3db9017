// Locks the sensors that sent requests, until a transaction ends. A request is admitted by its head, and its
// body may arrive much later. So the transaction that stores something of it decides again: nothing is stored
// for a sensor that was blocked, deleted or given another key meanwhile.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { SensorCaller } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import { toInstant } from "../../ids.ts";
import { listReplacedKeys } from "./known-keys-store.ts";
import type { LockedSensor } from "./locked-sensor.ts";
import { lockSensor, lockSensorStates, type SensorState } from "./sensors-store.ts";

/** By what a request was admitted. */
export type Sender = Pick<SensorCaller, "id" | "publicKey" | "standing" | "accepts">;

/**
 * Locks the sensor that sent a request. Throws sensor-unknown, sensor-blocked, sensor-awaiting-approval,
 * key-replaced, too-many-requests if the request would not be admitted any more.
 */
export async function lockSender(tx: Database, sender: Sender): Promise<LockedSensor> {
  const sensor = await lockSensor(tx, sender.id);
  const isLive = sensor && sensor.uninstalledAt === null && sensor.removedAt === null;
  const refusal = await refusalOf(tx, sender, isLive ? sensor : undefined);
  if (refusal) throw refusal;
  return sensor!;
}

/** Locks the sensors. Returns for each request the problem of `lockSender`, or undefined. */
export async function lockSenders(
  tx: Database,
  senders: readonly Sender[],
): Promise<(Problem | undefined)[]> {
  const states = await lockSensorStates(tx, [...new Set(senders.map(({ id }) => id))]);
  const stateOf = new Map(states.map((state) => [state.id, state]));
  const refusals: (Problem | undefined)[] = [];
  for (const sender of senders) refusals.push(await refusalOf(tx, sender, stateOf.get(sender.id)));
  return refusals;
}

/** `sensor` undefined: it is deleted, removed or unenrolled. */
async function refusalOf(
  tx: Database,
  { id, publicKey, standing, accepts }: Sender,
  sensor: Pick<SensorState, "publicKey" | "blockedAt" | "awaitingApproval"> | undefined,
): Promise<Problem | undefined> {
  if (!sensor) return sensorUnknown();
  if (sensor.blockedAt !== null && !accepts.includes("blocked")) return sensorBlocked(sensor.blockedAt);
  if (sensor.awaitingApproval === 1 && !accepts.includes("awaiting-approval"))
    return sensorAwaitingApproval();
  // A clone's key was not the sensor's when the request was admitted.
  if (sensor.publicKey === publicKey || standing === "clone") return undefined;
  const replaced = (await listReplacedKeys(tx, id)).find((key) => key.publicKey === publicKey);
  return replaced?.state === "re-enrolled" ? keyReplaced(replaced.replacedAt) : sensorChanging();
}

export function sensorUnknown(): Problem {
  return new Problem(
    "sensor-unknown",
    "The sensor is not known here: it was deleted, removed or unenrolled, or enrolled with another server",
  );
}

export function sensorBlocked(blockedAt: number): Problem {
  return new Problem(
    "sensor-blocked",
    `The sensor is blocked here since ${toInstant(blockedAt)}; keep its key: it may be unblocked`,
  );
}

export function sensorAwaitingApproval(): Problem {
  return new Problem(
    "sensor-awaiting-approval",
    "The sensor waits until an operator approves it in the console",
  );
}

export function keyReplaced(replacedAt: number | null): Problem {
  return new Problem(
    "key-replaced",
    `The sensor was enrolled again at ${toInstant(replacedAt ?? 0)} with another key; this one is refused`,
  );
}

export function sensorChanging(): Problem {
  return new Problem("too-many-requests", "The sensor is being changed by other requests", {
    extras: { retryAfterSeconds: 1 },
  });
}
