import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { SENSOR_STATUS_LOOKS } from "../../components/statuses.tsx";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { countOf } from "../../ui/numbers.ts";
import { type Fill, SegmentedBar } from "../../ui/SegmentedBar.tsx";
import { countsQuery } from "./overview-queries.ts";
import { Panel } from "./Panel.tsx";

/** In the order of the bar. Statuses of sensors that are listed only on request are absent. */
const FILLS = {
  online: "solid-green",
  pending: "striped-yellow",
  "awaiting-approval": "dotted-yellow",
  offline: "dotted-red",
  blocked: "striped-red",
  uninstalled: "hollow-gray",
} as const satisfies Partial<Record<SensorStatus, Fill>>;
const SHOWN = Object.keys(FILLS) as (keyof typeof FILLS)[];

/** The fleet as one bar. Each status leads to its sensors. */
export function FleetStatus() {
  const query = useQuery({ ...countsQuery, refetchInterval: refreshMs });
  const total = query.data?.sensors;
  return (
    <Panel
      title="Fleet status"
      isWide
      query={query}
      more={total !== undefined && <TextLink {...paths.sensors()}>{countOf(total, "sensor")}</TextLink>}
    >
      {({ byStatus }) => (
        <SegmentedBar
          label="Sensors by status"
          noun="sensors"
          segments={SHOWN.map((status) => ({
            value: status,
            label: SENSOR_STATUS_LOOKS[status].label,
            count: byStatus.find((one) => one.status === status)?.sensors ?? 0,
            fill: FILLS[status],
          }))}
          linkTo={(status, look) => (
            <TextLink {...paths.sensors({ status })} {...look} underline="never" c="inherit" />
          )}
        />
      )}
    </Panel>
  );
}
