// Keys that sensors had before, and tickets for new ones, in SQL.
import { lockRows } from "../db/dialect.ts";
import type { Database, ReEnrollTicketTable, SensorKeyTable } from "../db/schema.ts";

export async function insertReplacedKey(tx: Database, key: SensorKeyTable): Promise<void> {
  await tx
    .insertInto("sensorKey")
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The latest first. */
export async function listReplacedKeys(db: Database, sensorId: string): Promise<SensorKeyTable[]> {
  return await db
    .selectFrom("sensorKey")
    .selectAll()
    .where("sensorId", "=", sensorId)
    .orderBy("replacedAt", "desc")
    .limit(50)
    .execute();
}

/** Whether a sensor has the key, had it, or announced it, but for the announcement of `exceptSensorId`. */
export async function isKeyTaken(tx: Database, publicKey: string, exceptSensorId?: string): Promise<boolean> {
  const holder = await tx
    .selectFrom("sensor")
    .select("id")
    .where((eb) =>
      eb.or([
        eb("publicKey", "=", publicKey),
        eb.and([eb("nextPublicKey", "=", publicKey), eb("id", "!=", exceptSensorId ?? "")]),
      ]),
    )
    .executeTakeFirst();
  if (holder) return true;
  const past = await tx
    .selectFrom("sensorKey")
    .select("publicKey")
    .where("publicKey", "=", publicKey)
    .executeTakeFirst();
  return past !== undefined;
}

/** Makes the announced key the sensor's own; false when another request has done so. */
export async function promoteKey(
  tx: Database,
  id: string,
  { from, to, at }: { from: string; to: string; at: number },
): Promise<boolean> {
  const row = await tx
    .updateTable("sensor")
    .set({ publicKey: to, nextPublicKey: null, keyChangedAt: at })
    .where("id", "=", id)
    .where("publicKey", "=", from)
    .where("nextPublicKey", "=", to)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

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
