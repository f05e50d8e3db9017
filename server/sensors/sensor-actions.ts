// Actions on all sensors that match a filter.
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type {
  previewSensorAction as previewRoute,
  SensorBulkAction,
} from "@attacklens/protocol/sensor-actions.ts";
import type { Candidate } from "../bulk/bulk.ts";
import type { Database } from "../db/schema.ts";
import { lockForAction } from "./record/locked-sensor.ts";
import { sensorObstacle } from "./record/sensor-obstacles.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { deleteSensor, unblockLocked } from "./sensor-changes.ts";
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

/** Throws not-found, state-conflict. */
export async function runSensorAction(
  tx: Database,
  view: Pick<SensorView, "now" | "user">,
  action: SensorBulkAction,
  id: string,
): Promise<void> {
  switch (action) {
    case "block":
      return await blockSensors(tx, view.now, view.user, [await lockForAction(tx, id, action)]);
    case "unblock":
      return await unblockLocked(tx, view, await lockForAction(tx, id, action));
    case "delete":
      return await deleteSensor(tx, view.now, view.user, id);
  }
}
