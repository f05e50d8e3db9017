import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getSensor } from "@attacklens/protocol/sensors.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { exactTime } from "../../ui/time.ts";

type Replaced = RouteOutput<typeof getSensor>["replaces"][number];

const COLUMNS: readonly SmallColumn<Replaced>[] = [
  {
    label: "Sensor",
    cell: ({ sensor }) => <TextLink {...paths.sensor(sensor.id)}>{sensor.name}</TextLink>,
  },
  { label: "Enrolled", cell: ({ enrolledAt }) => exactTime(enrolledAt) },
  { label: "Last seen", cell: ({ lastSeenAt }) => exactTime(lastSeenAt) },
  { label: "Replaced", cell: ({ replacedAt }) => exactTime(replacedAt) },
  { label: "Replaced by", cell: ({ replacedBy }) => replacedBy ?? "Token setting" },
];

/** The sensors that this one replaced, the latest first. */
export function ReplacedSensorsTable({ replaces }: { replaces: readonly Replaced[] }) {
  return (
    <SmallTable
      label="Replaced sensors"
      columns={COLUMNS}
      rows={replaces}
      rowId={({ sensor }) => sensor.id}
    />
  );
}
