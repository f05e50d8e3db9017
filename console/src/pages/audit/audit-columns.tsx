import { auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import type { AuditEvent } from "@attacklens/protocol/audit-events.ts";
import { UnstyledButton } from "@mantine/core";
import { AuditActor } from "../../components/AuditActor.tsx";
import { AuditObject } from "../../components/AuditObject.tsx";
import { differencesOf, entityTypeName } from "../../components/audit-words.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./AuditPage.module.css";

const column = columnsOf<AuditEvent>();

export function auditColumns(onOpen: (event: AuditEvent) => void): Columns<AuditEvent> {
  return [
    column.display({
      id: "at",
      header: "Time",
      meta: { width: "112px", sortable: true },
      cell: ({ row }) => <RelativeTime at={row.original.at} />,
    }),
    column.display({
      id: "actor",
      header: "Actor",
      meta: { width: "22%" },
      cell: ({ row }) => <AuditActor actor={row.original.actor} />,
    }),
    column.display({
      id: "action",
      header: "Action",
      meta: { isTitle: true },
      cell: ({ row: { original: event } }) => (
        <UnstyledButton className={classes.action} onClick={() => onOpen(event)}>
          {auditActionWords(event.action)}
        </UnstyledButton>
      ),
    }),
    column.display({
      id: "entity",
      header: "Object",
      meta: { width: "20%" },
      cell: ({ row: { original: event } }) => (
        <>
          <span className="visually-hidden">{entityTypeName(event.entity.type)} </span>
          <AuditObject {...event.entity} />
        </>
      ),
    }),
    column.display({
      id: "change",
      header: "Changed",
      meta: { width: "16%", wideOnly: true },
      cell: ({ row: { original: event } }) => <span className="quiet">{changedText(event)}</span>,
    }),
    column.display({
      id: "address",
      header: "Address",
      meta: { width: "140px", wideOnly: true },
      cell: ({ row }) => row.original.address ?? "–",
    }),
  ];
}

/** The changed settings: `Name, Expiry`. */
function changedText(event: AuditEvent): string {
  if (!event.before || !event.after) return "";
  return differencesOf(event)
    .map(({ label }) => label)
    .join(", ");
}
