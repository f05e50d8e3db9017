// Exports of the list of sensors: all sensors that match, in the order of the list, with the chosen columns.
// The first line has the filters, the order and the time.
import { z } from "zod";
import { PROGRESS_TYPE } from "./bulk.ts";
import { route } from "./route.ts";
import { listSensors } from "./sensors.ts";

export const SENSOR_COLUMNS = [
  "hostname",
  "status",
  "os",
  "architecture",
  "version",
  "lastSeenAt",
  "asset",
  "assetGroup",
  "address",
  "enrollmentToken",
  "enrolledAt",
  "tags",
  "fingerprint",
  "id",
] as const;
export type SensorColumn = (typeof SENSOR_COLUMNS)[number];

const isColumn = (text: string): text is SensorColumn => SENSOR_COLUMNS.some((column) => column === text);

const columns = z
  .string()
  .max(500)
  .refine((text) => text.split(",").every(isColumn), `must be some of ${SENSOR_COLUMNS.join(", ")}`)
  .optional()
  .meta({ description: "Columns in their order, with commas. Absent: all", example: "hostname,status" });

/** Returns the columns of an export. */
export function exportedColumns(text: string | undefined): readonly SensorColumn[] {
  return text === undefined ? SENSOR_COLUMNS : [...new Set(text.split(",").filter(isColumn))];
}

const { cursor: _, limit: __, count: ___, ...shape } = listSensors.query.shape;
const query = z.strictObject({ ...shape, columns });

export const exportSensorsCsv = route({
  name: "sensors.exportCsv",
  method: "GET",
  path: "/api/v1/sensor-export.csv",
  access: "sensors:read",
  tag: "Sensors",
  summary:
    "Export the sensors that match as CSV. Cells that a spreadsheet would take for a formula begin with '",
  query,
  status: 200,
  streams: "text/csv",
});

export const exportSensorsJsonLines = route({
  name: "sensors.exportJsonLines",
  method: "GET",
  path: "/api/v1/sensor-export.jsonl",
  access: "sensors:read",
  tag: "Sensors",
  summary: "Export the sensors that match as JSON lines",
  query,
  status: 200,
  streams: PROGRESS_TYPE,
});
