// Exports the list of sensors.
import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { Database } from "../db/schema.ts";
import { exportList, type ListCells, type ListExport } from "../list-export.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { atTime, pageOfSensors } from "./sensor-list-store.ts";
import { keyFingerprint, presentCommon, type SensorView } from "./sensors.ts";

type ExportedSensor = ReturnType<typeof presentCommon> & { fingerprint: string };

const CELLS: ListCells<ExportedSensor, (typeof sensorExports.columns)[number]> = {
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
  const since = onlineSince(view.now, view.checkInIntervalSeconds);
  return exportList(
    {
      exports: sensorExports,
      cells: CELLS,
      list: async (query) => {
        const { rows, nextCursor } = await pageOfSensors(reads, since, atTime(query, view.now));
        const items = rows.map((row) => {
          const fingerprint = keyFingerprint(row.publicKey);
          return { ...presentCommon(row, view), fingerprint };
        });
        return { items, nextCursor };
      },
    },
    request,
  );
}
