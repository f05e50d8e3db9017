// Exports audit events as JSON lines or CSV, in pages, so that the memory does not depend on their number. An
// export is an audit event.
import type { AuditFilter } from "@attacklens/protocol/audit-events.ts";
import { toCsv } from "@attacklens/protocol/csv.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { type AuditEvent, recordAuditEvent } from "./audit.ts";
import { toEventFilter } from "./audit-events.ts";
import { storeTexts } from "./audit-text.ts";
import { pageOfEvents } from "./events-page-store.ts";

export type ExportFormat = "jsonl" | "csv";

const ROWS_OF_PAGE = 200;

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
  { format, filter, actor, at, checkAgain = async () => {} }: Export,
): Promise<AsyncGenerator<string>> {
  if (filter.q) await storeTexts(db);
  const action = "audit-log.exported";
  const entity = { type: "audit-log", id: "audit-log", name: "Audit log" } as const;
  await inTransaction(db, (tx) =>
    recordAuditEvent(tx, { at, actor, action, entity, details: { format, filter } }),
  );
  return parts(reads, format, filter, at, checkAgain);
}

async function* parts(
  reads: Database,
  format: ExportFormat,
  filter: AuditFilter,
  at: number,
  checkAgain: () => Promise<unknown>,
) {
  const header = { exportedAt: toInstant(at), filter };
  yield format === "csv"
    ? toCsv([[`# AttackLens audit log ${JSON.stringify(header)}`], COLUMNS.map(([name]) => name)])
    : line({ type: "attacklens-audit-log", ...header });
  // Later events, such as the one of the export, are not part of it.
  const wanted = toEventFilter(filter);
  const to = Math.min(wanted.to ?? at, at);
  let cursor: string | undefined;
  do {
    await checkAgain();
    const options = { order: "desc", limit: ROWS_OF_PAGE, cursor } as const;
    const page = await pageOfEvents(reads, { ...wanted, to }, options, "uncounted");
    if (page.rows.length > 0)
      yield format === "csv" ? toCsv(page.rows.map(csvRow)) : page.rows.map(jsonLine).join("");
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;

/** All columns, so that each line can be verified without the database. */
function jsonLine({ at, details, ...row }: AuditEventTable): string {
  return line({ ...row, at: toInstant(at), details: JSON.parse(details) });
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
