// Actions on all sensors that match a filter.
import { bulkBodies, bulkPreview, PROGRESS_TYPE } from "./bulk.ts";
import { route } from "./route.ts";
import { listSensors } from "./sensors.ts";

export const SENSOR_BULK_ACTIONS = ["block", "unblock", "delete"] as const;
export type SensorBulkAction = (typeof SENSOR_BULK_ACTIONS)[number];

const bulk = bulkBodies(SENSOR_BULK_ACTIONS, listSensors.query);

export const previewSensorAction = route({
  name: "sensors.previewAction",
  method: "POST",
  path: "/api/v1/sensor-actions/preview",
  access: "sensors:manage",
  tag: "Sensors",
  summary: "Preview an action on all sensors that match a filter",
  body: bulk.preview,
  status: 200,
  output: bulkPreview,
});

export const runSensorAction = route({
  name: "sensors.runAction",
  method: "POST",
  path: "/api/v1/sensor-actions",
  access: "sensors:manage",
  // To delete.
  recentSignIn: "in-part",
  tag: "Sensors",
  summary:
    "Block, unblock or delete all sensors that match a filter. The reply is a line of JSON for each progress; the last one has `isFinished`. The action ends when the connection ends",
  body: bulk.action,
  status: 200,
  streams: PROGRESS_TYPE,
  problems: ["state-conflict"],
});
