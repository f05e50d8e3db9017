// Re-enrollment tickets in SQL.
import { lockRows } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { ReEnrollTicketTable } from "../db/schema-sensors.ts";

export async function insertTicket(tx: Database, ticket: ReEnrollTicketTable): Promise<void> {
  await tx.insertInto("reEnrollTicket").values(ticket).execute();
}

/** Deletes the unused tickets of a sensor. */
export async function deleteUnusedTickets(tx: Database, sensorId: string): Promise<void> {
  await tx
    .deleteFrom("reEnrollTicket")
    .where("sensorId", "=", sensorId)
    .where("usedAt", "is", null)
    .execute();
}

/** Locks the ticket with the id or the hash of the value until the transaction ends. */
export async function lockTicket(
  tx: Database,
  by: { id: string } | { valueHash: string },
): Promise<ReEnrollTicketTable | undefined> {
  const [column, value] = "id" in by ? (["id", by.id] as const) : (["valueHash", by.valueHash] as const);
  const query = tx.selectFrom("reEnrollTicket").selectAll().where(column, "=", value);
  return await lockRows(tx, query).executeTakeFirst();
}

export async function replaceTicketValue(tx: Database, id: string, valueHash: string): Promise<void> {
  await tx.updateTable("reEnrollTicket").set({ valueHash }).where("id", "=", id).execute();
}

/** Returns whether the ticket exists. Takes no lock, to refuse invented values cheaply. */
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
