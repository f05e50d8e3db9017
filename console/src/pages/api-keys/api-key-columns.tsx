import type { ApiKey, ApiKeyStatus } from "@attacklens/protocol/api-keys.ts";
import { ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type RowAction, RowMenu } from "../../ui/RowMenu.tsx";
import { Status, type StatusColor } from "../../ui/Status.tsx";

const column = columnsOf<ApiKey>();

const LOOKS: Record<ApiKeyStatus, { label: string; color: StatusColor }> = {
  active: { label: "Active", color: "green" },
  expired: { label: "Expired", color: "gray" },
  revoked: { label: "Revoked", color: "red" },
  "maker-gone": { label: "Creator inactive", color: "red" },
};

export function apiKeyColumns(actionsFor: (key: ApiKey) => RowAction[]): Columns<ApiKey> {
  return [
    column.display({
      id: "name",
      header: "Name",
      meta: { sortable: true },
      cell: ({ row: { original: key } }) => <span title={key.name}>{key.name}</span>,
    }),
    column.display({
      id: "role",
      header: "Role",
      meta: { width: "140px", sortable: true },
      cell: ({ row }) => ROLE_NAMES[row.original.role],
    }),
    column.display({
      id: "status",
      header: "Status",
      meta: { width: "130px", sortable: true },
      cell: ({ row }) => (
        <Status color={LOOKS[row.original.status].color}>{LOOKS[row.original.status].label}</Status>
      ),
    }),
    column.display({
      id: "hint",
      header: "Ends in",
      meta: { width: "96px", sortable: true, wideOnly: true },
      cell: ({ row }) => <code>…{row.original.hint}</code>,
    }),
    column.display({
      id: "createdAt",
      header: "Created",
      meta: { width: "100px", sortable: true, wideOnly: true },
      cell: ({ row }) => <RelativeTime at={row.original.createdAt} />,
    }),
    column.display({
      id: "createdBy",
      header: "Created by",
      meta: { width: "13%", sortable: true, wideOnly: true },
      cell: ({ row }) => <span title={row.original.createdBy}>{row.original.createdBy}</span>,
    }),
    column.display({
      id: "expiresAt",
      header: "Expiry",
      meta: { width: "110px", sortable: true },
      cell: ({ row }) => <RelativeTime at={row.original.expiresAt} />,
    }),
    column.display({
      id: "lastUsedAt",
      header: "Last used",
      meta: { width: "180px", sortable: true },
      cell: ({ row: { original: key } }) =>
        key.lastUsedAt ? (
          <>
            <RelativeTime at={key.lastUsedAt} /> <span className="quiet">from {key.lastUsedAddress}</span>
          </>
        ) : (
          "Never"
        ),
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row: { original: key } }) => <RowMenu name={key.name} actions={actionsFor(key)} />,
    }),
  ];
}
