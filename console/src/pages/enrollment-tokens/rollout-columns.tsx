import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status } from "../../ui/Status.tsx";
import { type RolloutHost, reasonText, STATE_LOOKS } from "./rollout-states.ts";

const column = columnsOf<RolloutHost>();

export const rolloutColumns = [
  column.display({
    id: "hostname",
    header: "Hostname",
    meta: { sortable: true },
    cell: ({ row: { original: host } }) =>
      host.sensorId && host.sensorState !== "deleted" ? (
        <TextLink {...paths.sensor(host.sensorId)} title={host.hostname} c="inherit" fw={500}>
          {host.hostname}
        </TextLink>
      ) : (
        <span title={host.hostname}>{host.hostname}</span>
      ),
  }),
  column.display({
    id: "state",
    header: "State",
    meta: { width: "150px", sortable: true },
    cell: ({ row }) => (
      <Status color={STATE_LOOKS[row.original.state].color}>{STATE_LOOKS[row.original.state].label}</Status>
    ),
  }),
  column.display({
    id: "reason",
    header: "Reason",
    meta: { width: "28%", sortable: true },
    cell: ({ row }) => reasonText(row.original),
  }),
  column.display({
    id: "firstSeenAt",
    header: "First seen",
    meta: { width: "120px", sortable: true },
    cell: ({ row }) => (row.original.firstSeenAt ? <RelativeTime at={row.original.firstSeenAt} /> : "Never"),
  }),
];
