// The chain of audit events in SQL.
import { lockRows } from "../db/dialect.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";

/** The end of the chain, locked until the transaction ends: events are appended one after another. */
export async function lockHead(tx: Database): Promise<{ sequence: number; hash: string }> {
  const query = tx.selectFrom("auditHead").select(["sequence", "hash"]).where("id", "=", 1);
  return await lockRows(tx, query).executeTakeFirstOrThrow();
}

export async function appendEvent(tx: Database, event: AuditEventTable): Promise<void> {
  await tx.insertInto("auditEvent").values(event).execute();
  await tx
    .updateTable("auditHead")
    .set({ sequence: event.sequence, hash: event.hash })
    .where("id", "=", 1)
    .execute();
}

export async function listEvents(db: Database): Promise<AuditEventTable[]> {
  return await db.selectFrom("auditEvent").selectAll().orderBy("sequence").execute();
}
