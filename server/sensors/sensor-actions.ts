// Actions on all sensors that match a filter.
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type {
  previewSensorAction as previewRoute,
  SensorBulkAction,
} from "@attacklens/protocol/sensor-actions.ts";
import type { Candidate, Refusal } from "../bulk/bulk.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { type LockedState, lockSensors } from "./record/bulk-changes-store.ts";
import { sensorNotFound } from "./record/locked-sensor.ts";
import { sensorObstacle } from "./record/sensor-obstacles.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { deleteSensors, unblockSensors } from "./sensor-changes.ts";
import { atTime, pageOfStates } from "./sensor-list-store.ts";
import type { SensorView } from "./sensors.ts";
import { blockSensors } from "./token-sensors.ts";

/** Sensors that are read at once. */
const SLICE = 1_000;

/** Yields the sensors that match. */
export async function* sensorCandidates(
  db: Database,
  { now, checkInIntervalSeconds }: SensorView,
  { action, filter }: RouteInput<typeof previewRoute>["body"],
): AsyncGenerator<Candidate[]> {
  const since = onlineSince(now, checkInIntervalSeconds);
  let cursor: string | undefined;
  do {
    const { rows, nextCursor } = await pageOfStates(db, since, {
      ...atTime(filter, now),
      ...{ sort: "enrolledAt", order: "asc", limit: SLICE, cursor },
    });
    yield rows.map((row) => ({
      id: row.id,
      name: row.hostname,
      obstacle: sensorObstacle(action, { ...row, hasMatch: false }),
    }));
    cursor = nextCursor ?? undefined;
  } while (cursor);
}

/** Changes the sensors whose state allows it, and returns the others. */
export async function runSensorAction(
  tx: Database,
  view: Pick<SensorView, "now" | "user">,
  action: SensorBulkAction,
  some: { id: string; name: string }[],
): Promise<Refusal[]> {
  const ids = some.map(({ id }) => id);
  const locked = new Map((await lockSensors(tx, ids)).map((sensor) => [sensor.id, sensor]));
  const refusals: Refusal[] = [];
  const possible: LockedState[] = [];
  for (const { id, name } of some) {
    const sensor = locked.get(id);
    const reason = sensor
      ? sensorObstacle(action, { ...sensor, hasMatch: false })
      : sensorNotFound(id).detail;
    if (reason === undefined) possible.push(sensor!);
    else refusals.push({ id, name, reason });
  }
  if (possible.length > 0) await CHANGES[action](tx, view.now, view.user, possible);
  return refusals;
}

const CHANGES: Record<
  SensorBulkAction,
  (tx: Database, now: number, user: User, sensors: LockedState[]) => Promise<unknown>
> = {
  block: blockSensors,
  unblock: unblockSensors,
  delete: deleteSensors,
};
