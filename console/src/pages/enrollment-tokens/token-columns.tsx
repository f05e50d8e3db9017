import type { ListedToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { IconAlertCircle, IconAlertTriangle } from "@tabler/icons-react";
import { TextLink } from "../../components/links.tsx";
import { TokenStatusMark } from "../../components/statuses.tsx";
import { enrolledText, IMMINENT, WARNING_TEXTS } from "../../components/token-words.ts";
import { paths } from "../../paths.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type RowAction, RowMenu } from "../../ui/RowMenu.tsx";
import { TokenScope } from "./TokenScope.tsx";
import classes from "./token-columns.module.css";

const column = columnsOf<ListedToken>();

function Warned({ token }: { token: ListedToken }) {
  const words = token.warnings.map((warning) => WARNING_TEXTS[warning]).join(". ");
  const Icon = token.warnings.some((warning) => IMMINENT.has(warning)) ? IconAlertTriangle : IconAlertCircle;
  return (
    <span title={words} className={classes.warned}>
      <Icon size={14} role="img" aria-label={`Warning: ${words}`} />
    </span>
  );
}

export function tokenColumns(actionsFor: (token: ListedToken) => RowAction[]): Columns<ListedToken> {
  return [
    column.display({
      id: "name",
      header: "Name",
      meta: { sortable: true },
      cell: ({ row: { original: token } }) => (
        <span className={classes.name}>
          <TextLink {...paths.enrollmentToken(token.id)} title={token.name} c="inherit" fw={500}>
            {token.name}
          </TextLink>
          {token.warnings.length > 0 && <Warned token={token} />}
        </span>
      ),
    }),
    column.display({
      id: "scope",
      header: "Scope",
      meta: { width: "13%", sortable: true },
      cell: ({ row }) => <TokenScope scope={row.original.scope} />,
    }),
    column.display({
      id: "createdAt",
      header: "Created",
      meta: { width: "106px", sortable: true },
      cell: ({ row }) => <RelativeTime at={row.original.createdAt} />,
    }),
    column.display({
      id: "createdBy",
      header: "Created by",
      meta: { width: "11%", wideOnly: "widest", sortable: true },
      cell: ({ row }) => <span title={row.original.createdBy}>{row.original.createdBy}</span>,
    }),
    column.display({
      id: "expiresAt",
      header: "Expiry",
      meta: { width: "106px", sortable: true },
      cell: ({ row }) =>
        row.original.expiresAt ? <RelativeTime at={row.original.expiresAt} /> : "No expiry",
    }),
    column.display({
      id: "status",
      header: "Status",
      meta: { width: "118px", sortable: true },
      cell: ({ row }) => <TokenStatusMark status={row.original.status} />,
    }),
    column.display({
      id: "enrolledSensors",
      header: "Enrolled sensors",
      meta: { width: "148px", sortable: true, align: "right" },
      cell: ({ row: { original: token } }) => (
        <TextLink {...paths.sensors({ enrollmentTokenId: token.id })} c="inherit">
          {enrolledText(token)}
        </TextLink>
      ),
    }),
    column.display({
      id: "lastUsedAt",
      header: "Last used",
      meta: { width: "100px", wideOnly: true, sortable: true },
      cell: ({ row: { original: token } }) =>
        token.lastUsedAt ? <RelativeTime at={token.lastUsedAt} /> : "Never",
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row }) => <RowMenu name={row.original.name} actions={actionsFor(row.original)} />,
    }),
  ];
}
