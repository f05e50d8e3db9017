import type { ListedSensor } from "@attacklens/protocol/sensors.ts";
import { TextLink } from "../../components/links.tsx";
import { SensorStatusMark } from "../../components/statuses.tsx";
import { paths } from "../../paths.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type RowAction, RowMenu } from "../../ui/RowMenu.tsx";
import { originText } from "./match-words.ts";
import classes from "./sensor-columns.module.css";
import { osName } from "./sensor-words.ts";

const column = columnsOf<ListedSensor>();

export function sensorColumns(menuFor: (sensor: ListedSensor) => RowAction[]): Columns<ListedSensor> {
  return [
    column.display({
      id: "hostname",
      header: "Hostname",
      meta: { sortable: true },
      cell: ({ row: { original: sensor } }) => {
        const origin = originText(sensor);
        return (
          <>
            <TextLink {...paths.sensor(sensor.id)} title={sensor.hostname} c="inherit" fw={500}>
              {sensor.hostname}
            </TextLink>
            {origin && (
              <div className={`${classes.origin} quiet`} title={origin}>
                {origin}
              </div>
            )}
          </>
        );
      },
    }),
    column.display({
      id: "status",
      header: "Status",
      meta: { width: "160px", sortable: true },
      cell: ({ row }) => <SensorStatusMark status={row.original.status} />,
    }),
    column.display({
      id: "os",
      header: "Operating system",
      meta: { width: "16%", sortable: true },
      cell: ({ row }) => <span title={osName(row.original)}>{osName(row.original)}</span>,
    }),
    column.display({
      id: "architecture",
      header: "Architecture",
      meta: { width: "100px", sortable: true, wideOnly: true },
      cell: ({ row }) => row.original.architecture,
    }),
    column.display({
      id: "version",
      header: "Version",
      meta: { width: "92px", sortable: true, wideOnly: true },
      cell: ({ row }) => row.original.version,
    }),
    column.display({
      id: "lastSeenAt",
      header: "Last seen",
      meta: { width: "100px", sortable: true },
      cell: ({ row }) => <RelativeTime at={row.original.lastSeenAt} />,
    }),
    column.display({
      id: "asset",
      header: "Asset",
      meta: { width: "11%", sortable: true },
      cell: ({ row: { original: sensor } }) => (
        <TextLink {...paths.asset(sensor.asset.id)} title={sensor.asset.name} c="inherit">
          {sensor.asset.name}
        </TextLink>
      ),
    }),
    column.display({
      id: "assetGroup",
      header: "Asset Group",
      meta: { width: "9%", sortable: true, wideOnly: true },
      cell: ({ row: { original: sensor } }) =>
        sensor.assetGroup ? (
          <span title={sensor.assetGroup.name}>{sensor.assetGroup.name}</span>
        ) : (
          <span className="quiet">None</span>
        ),
    }),
    column.display({
      id: "address",
      header: "Address",
      meta: { width: "130px", sortable: true, isOptional: true },
      cell: ({ row }) => <span title={row.original.address}>{row.original.address}</span>,
    }),
    column.display({
      id: "enrollmentToken",
      header: "Enrollment Token",
      meta: { width: "12%", sortable: true, isOptional: true },
      cell: ({ row: { original: sensor } }) => (
        <span title={sensor.enrolledBy.name}>{sensor.enrolledBy.name}</span>
      ),
    }),
    column.display({
      id: "enrolledAt",
      header: "Enrolled",
      meta: { width: "100px", sortable: true, isOptional: true },
      cell: ({ row }) => <RelativeTime at={row.original.enrolledAt} />,
    }),
    column.display({
      id: "tags",
      header: "Tags",
      meta: { width: "12%", sortable: true, isOptional: true },
      cell: ({ row: { original: sensor } }) => (
        <span title={sensor.tags.join(", ")}>{sensor.tags.join(", ")}</span>
      ),
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row }) => <RowMenu name={row.original.hostname} actions={menuFor(row.original)} />,
    }),
  ];
}
