// Exports the list of sensors in pages, so that the memory does not depend on their number.
import { toCsv } from "@attacklens/protocol/csv.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import {
  exportedColumns,
  type exportSensorsCsv,
  type SensorColumn,
} from "@attacklens/protocol/sensor-export.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { listSensors, type SensorView } from "./sensors.ts";

const ROWS_OF_PAGE = 200;

const CELLS: Record<SensorColumn, (sensor: Sensor) => string | readonly string[] | null> = {
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

/**
 * Yields the text of the export in parts. `checkAgain` throws if the user may no longer read sensors, before
 * each page.
 */
export async function* exportSensors(
  reads: Database,
  view: SensorView,
  format: "csv" | "jsonl",
  { columns: chosen, sort, order, ...filter }: RouteInput<typeof exportSensorsCsv>["query"],
  checkAgain: () => Promise<unknown>,
): AsyncGenerator<string> {
  const columns = exportedColumns(chosen);
  const header = { exportedAt: toInstant(view.now), filter, sort, order };
  yield format === "csv"
    ? toCsv([[`# AttackLens sensors ${JSON.stringify(header)}`], columns])
    : `${JSON.stringify({ type: "attacklens-sensors", ...header, columns })}\n`;
  let cursor: string | undefined;
  do {
    await checkAgain();
    const page = await listSensors(reads, view, { ...filter, sort, order, limit: ROWS_OF_PAGE, cursor });
    const rows = page.items.map((sensor) => columns.map((column) => CELLS[column](sensor)));
    if (rows.length > 0)
      yield format === "csv"
        ? toCsv(rows.map((cells) => cells.map(textOf)))
        : rows.map((cells) => `${JSON.stringify(recordOf(columns, cells))}\n`).join("");
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

type Cell = ReturnType<(typeof CELLS)[SensorColumn]>;

const textOf = (cell: Cell) => (cell === null ? "" : typeof cell === "string" ? cell : cell.join(" "));

const recordOf = (columns: readonly SensorColumn[], cells: readonly Cell[]) =>
  Object.fromEntries(columns.map((column, index) => [column, cells[index]]));
