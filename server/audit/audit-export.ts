// Exports audit events as JSON lines or CSV. An export is an audit event.
import type { AuditFilter } from "@attacklens/protocol/audit-events.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { type ExportFormat, writeExport } from "../list-export.ts";
import { type AuditEvent, recordAuditEvent } from "./audit.ts";
import { toEventFilter } from "./audit-events.ts";
import { lockHead } from "./audit-store.ts";
import { pageOfEvents } from "./events-page-store.ts";

export interface Export {
  format: ExportFormat;
  filter: AuditFilter;
  actor: AuditEvent["actor"];
  at: number;
  /** Throws if the user may no longer read the audit log. Called before each page. */
  checkAgain?: () => Promise<unknown>;
}

/**
 * Records the export, then yields its text in parts. `db` records, and `reads` reads. Throws before the first
 * part if the event cannot be recorded.
 */
export async function exportEvents(
  { db, reads }: { db: Database; reads: Database },
  request: Export,
): Promise<AsyncGenerator<string>> {
  const { format, filter, actor, at } = request;
  const action = "audit-log.exported";
  const entity = { type: "audit-log", id: "audit-log", name: "Audit log" } as const;
  // Later events, such as the one of the export, are not part of it.
  const through = await inTransaction(db, async (tx) => {
    const { sequence } = await lockHead(tx);
    await recordAuditEvent(tx, { at, actor, action, entity, details: { format, filter } });
    return sequence;
  });
  return openText(reads, request, through);
}

function openText(
  reads: Database,
  { format, filter, at, checkAgain }: Export,
  through: number,
): AsyncGenerator<string> {
  const wanted = { ...toEventFilter(filter), through };
  const shape = {
    noun: "audit log",
    format,
    header: { exportedAt: toInstant(at), filter },
    csvColumns: COLUMNS.map(([name]) => name),
    csvRow,
    jsonRow,
  };
  return writeExport<AuditEventTable>(shape, async (position) => {
    await checkAgain?.();
    return await pageOfEvents(reads, wanted, { order: "desc", ...position }, "uncounted");
  });
}

/** All columns, so that each line can be verified without the database. */
function jsonRow({ at, details, ...row }: AuditEventTable): unknown {
  return { ...row, at: toInstant(at), details: JSON.parse(details) };
}

type Details = Record<string, unknown>;

const COLUMNS: [string, (row: AuditEventTable, details: Details) => string][] = [
  ["sequence", ({ sequence }) => String(sequence)],
  ["id", ({ id }) => id],
  ["time", ({ at }) => toInstant(at)],
  ["actor type", ({ actorType }) => actorType],
  ["actor id", ({ actorId }) => actorId],
  ["actor", ({ actorName }) => actorName],
  ["action", ({ action }) => action],
  ["entity type", ({ entityType }) => entityType],
  ["entity id", ({ entityId }) => entityId],
  ["entity", ({ entityName }) => entityName ?? ""],
  ["address", ({ address }) => address ?? ""],
  ["before", (_, { before }) => text(before)],
  ["after", (_, { after }) => text(after)],
  ["details", (_, { before: _before, after: _after, ...others }) => text(others)],
  ["hash", ({ hash }) => hash],
];

function csvRow(row: AuditEventTable): string[] {
  const details = JSON.parse(row.details) as Details;
  return COLUMNS.map(([, cell]) => cell(row, details));
}

function text(value: unknown): string {
  if (value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0)) return "";
  return JSON.stringify(value);
}
