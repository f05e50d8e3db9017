// The chain of audit events in SQL.
import { forSomeRows } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";

/** Locks the end of the chain until the transaction ends, so that events are appended one after another. */
export async function lockHead(tx: Database): Promise<{ sequence: number; hash: string }> {
  const query = tx.selectFrom("auditHead").select(["sequence", "hash"]).where("id", "=", 1);
  return await lockRows(tx, query).executeTakeFirstOrThrow();
}

/** Appends the events. The last one is the new end of the chain. */
export async function appendEvents(tx: Database, events: AuditEventTable[]): Promise<void> {
  await forSomeRows(events, (some) => tx.insertInto("auditEvent").values(some).execute());
  const last = events.at(-1);
  if (!last) return;
  const { sequence, hash } = last;
  await tx.updateTable("auditHead").set({ sequence, hash }).where("id", "=", 1).execute();
}

export async function listEvents(db: Database): Promise<AuditEventTable[]> {
  return await db.selectFrom("auditEvent").selectAll().orderBy("sequence").execute();
}
