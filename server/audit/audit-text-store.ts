// The text that searches look in, in SQL.
import { insertion } from "../db/insertion.ts";
import type { AuditTextTable, Database } from "../db/schema.ts";

/** Returns the number of the last event, and of the last one whose text is stored. */
export async function findTextEnds(db: Database): Promise<{ last: number; stored: number }> {
  const head = db.selectFrom("auditHead").where("id", "=", 1).select("sequence");
  const stored = db.selectFrom("auditText").select("sequence").orderBy("sequence", "desc").limit(1);
  const row = await db.selectNoFrom([head.as("last"), stored.as("stored")]).executeTakeFirstOrThrow();
  return { last: row.last ?? 0, stored: row.stored ?? 0 };
}

export async function listEventsWithoutText(
  db: Database,
  { last, stored }: { last: number; stored: number },
  limit: number,
) {
  return await db
    .selectFrom("auditEvent")
    .select(["sequence", "actorName", "action", "entityName", "entityId", "address", "details"])
    .where("sequence", ">", stored)
    .where("sequence", "<=", last)
    .orderBy("sequence")
    .limit(limit)
    .execute();
}

/** Skips texts that another server has stored. */
export const insertTexts: (db: Database, rows: readonly AuditTextTable[]) => Promise<void> =
  insertion<AuditTextTable>("auditText", { sequence: "bigint", words: "text" }, "skip");
