import type { HostUpdate } from "@attacklens/protocol/update-rings.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { TextLink } from "../../components/links.tsx";
import { HOST_STATE_LOOKS } from "../../components/update-words.ts";
import { paths } from "../../paths.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { RowMenu } from "../../ui/RowMenu.tsx";
import { Status } from "../../ui/Status.tsx";
import { sentence } from "../../ui/sentence.ts";

const column = columnsOf<HostUpdate>();

export function hostColumns(retry: (host: HostUpdate) => Promise<void>): Columns<HostUpdate> {
  return [
    column.display({
      id: "hostname",
      header: "Hostname",
      meta: { sortable: true, width: "22%" },
      cell: ({ row: { original: host } }) => (
        <TextLink {...paths.sensor(host.id)} title={host.hostname} c="inherit" fw={500}>
          {host.hostname}
        </TextLink>
      ),
    }),
    column.display({
      id: "state",
      header: "State",
      meta: { width: "150px" },
      cell: ({ row: { original: host } }) => (
        <Status color={HOST_STATE_LOOKS[host.state].color}>{HOST_STATE_LOOKS[host.state].label}</Status>
      ),
    }),
    column.display({
      id: "version",
      header: "Version",
      meta: { width: "104px" },
      cell: ({ row }) => <span title={row.original.version}>{row.original.version}</span>,
    }),
    column.display({
      id: "since",
      header: "Since",
      meta: { width: "96px", wideOnly: true },
      // Before the first update, the time says nothing.
      cell: ({ row: { original: host } }) =>
        host.since && host.updateVersion ? <RelativeTime at={host.since} /> : "",
    }),
    column.display({
      id: "ring",
      header: "Ring",
      meta: { width: "13%", wideOnly: true },
      cell: ({ row }) => <span title={row.original.ring.name}>{row.original.ring.name}</span>,
    }),
    column.display({
      id: "explanation",
      header: "Reason",
      cell: ({ row: { original: host } }) => {
        const reason = host.reason === null ? undefined : sentence(host.reason);
        return (
          <span title={reason ? `${reason} ${host.explanation}` : host.explanation}>
            {reason ?? host.explanation}
          </span>
        );
      },
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row: { original: host } }) => (
        <RowMenu
          name={host.hostname}
          actions={[
            {
              label: "Try again",
              onSelect: () => void retry(host),
              disabledReason: disabledReason(host.can.retry),
            },
          ]}
        />
      ),
    }),
  ];
}
