// Locks a sensor's row until the transaction ends, for a change that depends on its state.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Database } from "../../db/schema.ts";
import { requirePossible } from "../../permitted.ts";
import { type SensorAction, sensorObstacle } from "./sensor-obstacles.ts";
import { lockSensor } from "./sensors-store.ts";

export type LockedSensor = NonNullable<Awaited<ReturnType<typeof lockSensor>>>;

/** An action on a single sensor, not on a pair. */
export type SoloAction = Exclude<SensorAction, "merge" | "dismissMatch">;

/** Returns the sensor and why the action is impossible now, or undefined if the sensor does not exist. */
export async function lockAndJudge(
  tx: Database,
  id: string,
  action: SoloAction,
): Promise<{ sensor: LockedSensor; obstacle: string | undefined } | undefined> {
  const sensor = await lockSensor(tx, id);
  return sensor && { sensor, obstacle: sensorObstacle(action, { ...sensor, hasMatch: false }) };
}

/** Throws not-found, and state-conflict if the action is impossible. */
export async function lockForAction(tx: Database, id: string, action: SoloAction): Promise<LockedSensor> {
  const judged = await lockAndJudge(tx, id, action);
  if (!judged) throw sensorNotFound(id);
  requirePossible(judged.obstacle);
  return judged.sensor;
}

export function sensorNotFound(id: string): Problem {
  return new Problem("not-found", `There is no sensor ${id}`);
}
