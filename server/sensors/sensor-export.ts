// Exports the list of sensors.
import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { listSensors, type SensorView } from "./sensors.ts";

const CELLS: ListCells<Sensor, (typeof sensorExports.columns)[number]> = {
  hostname: ({ hostname }) => hostname,
  status: ({ status }) => status,
  os: ({ os }) => `${os.name} ${os.version}`.trim(),
  architecture: ({ architecture }) => architecture,
  version: ({ version }) => version,
  lastSeenAt: ({ lastSeenAt }) => lastSeenAt,
  asset: ({ asset }) => asset.name,
  assetGroup: ({ assetGroup }) => assetGroup?.name ?? null,
  address: ({ address }) => address,
  enrollmentToken: ({ enrolledBy }) => enrolledBy.name,
  enrolledAt: ({ enrolledAt }) => enrolledAt,
  tags: ({ tags }) => tags,
  fingerprint: ({ fingerprint }) => fingerprint,
  id: ({ id }) => id,
};

type Query = RouteInput<typeof sensorExports.csv>["query"];

export function exportSensors(reads: Database, view: SensorView, request: ListExport<Query>) {
  return exportList(
    { exports: sensorExports, cells: CELLS, list: (query) => listSensors(reads, view, query) },
    request,
  );
}
