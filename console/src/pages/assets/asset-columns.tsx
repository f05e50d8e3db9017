import type { Asset } from "@attacklens/protocol/assets.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type RowAction, RowMenu } from "../../ui/RowMenu.tsx";
import { ASSET_TYPE_NAMES } from "./asset-words.ts";

const column = columnsOf<Asset>();
export function assetColumns(actionsFor: (asset: Asset) => RowAction[]): Columns<Asset> {
  return [
    column.display({
      id: "name",
      header: "Name",
      meta: { sortable: true },
      cell: ({ row: { original: asset } }) => (
        <TextLink {...paths.asset(asset.id)} title={asset.name} c="inherit" fw={500}>
          {asset.name}
        </TextLink>
      ),
    }),
    column.display({
      id: "type",
      header: "Type",
      meta: { width: "16%" },
      cell: ({ row }) => ASSET_TYPE_NAMES[row.original.type],
    }),
    column.display({
      id: "assetGroup",
      header: "Asset Group",
      meta: { width: "22%" },
      cell: ({ row }) =>
        row.original.assetGroup ? (
          <span title={row.original.assetGroup.name}>{row.original.assetGroup.name}</span>
        ) : (
          <span className="quiet">None</span>
        ),
    }),
    column.display({
      id: "sensor",
      header: "Sensor",
      meta: { width: "22%" },
      cell: ({ row: { original: asset } }) =>
        asset.sensor ? (
          <TextLink {...paths.sensor(asset.sensor.id)} title={asset.sensor.hostname} c="inherit">
            {asset.sensor.hostname}
          </TextLink>
        ) : (
          <span className="quiet">None</span>
        ),
    }),
    column.display({
      id: "createdAt",
      header: "Created",
      meta: { width: "120px", sortable: true },
      cell: ({ row }) => <RelativeTime at={row.original.createdAt} />,
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row }) => <RowMenu name={row.original.name} actions={actionsFor(row.original)} />,
    }),
  ];
}
