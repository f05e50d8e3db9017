import type { AssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { formatCount } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type RowAction, RowMenu } from "../../ui/RowMenu.tsx";

const column = columnsOf<AssetGroup>();

export function groupColumns(actionsFor: (group: AssetGroup) => RowAction[]): Columns<AssetGroup> {
  return [
    column.display({
      id: "name",
      header: "Name",
      meta: { sortable: true },
      cell: ({ row: { original: group } }) => (
        <TextLink {...paths.assets({ assetGroupId: group.id })} title={group.name} c="inherit" fw={500}>
          {group.name}
        </TextLink>
      ),
    }),
    column.display({
      id: "createdAt",
      header: "Created",
      meta: { width: "120px", sortable: true },
      cell: ({ row }) => <RelativeTime at={row.original.createdAt} />,
    }),
    column.display({
      id: "createdBy",
      header: "Created by",
      meta: { width: "20%", sortable: true },
      cell: ({ row }) => <span title={row.original.createdBy}>{row.original.createdBy}</span>,
    }),
    column.display({
      id: "assets",
      header: "Assets",
      meta: { width: "100px", sortable: true, align: "right" },
      cell: ({ row }) => formatCount(row.original.assets),
    }),
    column.display({
      id: "enrollmentTokens",
      header: "Active tokens",
      meta: { width: "136px", sortable: true, align: "right" },
      cell: ({ row }) => formatCount(row.original.enrollmentTokens),
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row }) => <RowMenu name={row.original.name} actions={actionsFor(row.original)} />,
    }),
  ];
}
