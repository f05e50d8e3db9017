// Re-enrollment tickets in SQL.
import { lockRows } from "../db/dialect.ts";
import type { Database, ReEnrollTicketTable } from "../db/schema.ts";

export async function insertTicket(tx: Database, ticket: ReEnrollTicketTable): Promise<void> {
  await tx.insertInto("reEnrollTicket").values(ticket).execute();
}

/** Ends the tickets of a sensor that were not used. */
export async function deleteUnusedTickets(tx: Database, sensorId: string): Promise<void> {
  await tx
    .deleteFrom("reEnrollTicket")
    .where("sensorId", "=", sensorId)
    .where("usedAt", "is", null)
    .execute();
}

/** The ticket with the value's hash, locked until the transaction ends. */
export async function lockTicket(tx: Database, valueHash: string): Promise<ReEnrollTicketTable | undefined> {
  const query = tx.selectFrom("reEnrollTicket").selectAll().where("valueHash", "=", valueHash);
  return await lockRows(tx, query).executeTakeFirst();
}

/** Without a lock, to refuse made up values cheaply. */
export async function hasTicket(db: Database, valueHash: string): Promise<boolean> {
  const row = await db
    .selectFrom("reEnrollTicket")
    .select("id")
    .where("valueHash", "=", valueHash)
    .executeTakeFirst();
  return row !== undefined;
}

export async function markTicketUsed(
  tx: Database,
  id: string,
  used: { usedAt: number; publicKey: string },
): Promise<void> {
  await tx.updateTable("reEnrollTicket").set(used).where("id", "=", id).execute();
}
