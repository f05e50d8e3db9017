// Reads the audit log: all of it for Admins, and the history of one entity for everyone who can read the
// entity.
import type { AuditEvent, AuditFilter } from "@attacklens/protocol/audit-events.ts";
import { hasPermission } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import type { User } from "../caller.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { listExisting } from "./entities-store.ts";
import { type EventFilter, type EventPageOptions, pageOfEvents } from "./events-page-store.ts";

/** The entities whose settings decide about credentials. */
const SECRET_ENTITIES = ["enrollment-token", "api-key", "user"];
/** Details that contain an address. */
const ADDRESS_DETAILS = ["address", "cloneAddress"];

const settings = z.record(z.string(), z.unknown());
const details = z.looseObject({ before: settings.optional(), after: settings.optional() });

/** Throws input-invalid. */
export async function listAuditEvents(reads: Database, filter: AuditFilter, options: EventPageOptions) {
  const { rows, ...page } = await pageOfEvents(reads, toEventFilter(filter), options);
  return { items: await present(reads, rows, true), ...page };
}

/** Without an id: of all entities of the type. Throws not-found, input-invalid. */
export async function listHistory(
  db: Database,
  user: User,
  { type: entityType, id: entityId }: { type: string; id?: string },
  options: Omit<EventPageOptions, "order">,
) {
  const { rows, ...page } = await pageOfEvents(db, { entityType, entityId }, { ...options, order: "desc" });
  if (page.total === 0 && entityId !== undefined)
    throw new Problem("not-found", `There is no history of ${entityId}`);
  return { items: await present(db, rows, hasPermission(user.role, "audit:read")), ...page };
}

export function toEventFilter({ action, from, to, q, ...filter }: AuditFilter): EventFilter {
  return {
    ...filter,
    q: q || undefined,
    actions: action?.split(","),
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  };
}

/** `isFull`: for users who may read the audit log. */
export async function present(
  db: Database,
  rows: readonly AuditEventTable[],
  isFull: boolean,
): Promise<AuditEvent[]> {
  const existing = await listExisting(
    db,
    rows.flatMap((row) => [
      { type: row.actorType, id: row.actorId },
      { type: row.entityType, id: row.entityId },
    ]),
  );
  return rows.map((row) => presentOne(row, existing, isFull));
}

function presentOne(row: AuditEventTable, existing: ReadonlySet<string>, isFull: boolean): AuditEvent {
  const { before, after, ...others } = details.parse(JSON.parse(row.details));
  const areSettingsShown = isFull || !SECRET_ENTITIES.includes(row.entityType);
  return {
    id: row.id,
    sequence: row.sequence,
    at: toInstant(row.at),
    actor: { type: row.actorType, id: row.actorId, name: row.actorName, exists: existing.has(row.actorId) },
    action: row.action,
    entity: {
      type: row.entityType,
      id: row.entityId,
      name: row.entityName ?? earlierName(others),
      exists: existing.has(row.entityId),
    },
    address: isFull ? row.address : null,
    before: areSettingsShown ? (before ?? null) : null,
    after: areSettingsShown ? (after ?? null) : null,
    details: isFull ? others : withoutAddresses(others),
    withheld: !isFull,
  };
}

/** The name in an event of version 1. */
function earlierName({ name, hostname, email }: Record<string, unknown>): string {
  return [name, hostname, email].find((value) => typeof value === "string") ?? "";
}

function withoutAddresses(all: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !ADDRESS_DETAILS.includes(name)));
}
