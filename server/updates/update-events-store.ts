// The audit events of rings in SQL.
import type { Database } from "../db/schema.ts";

/** The newest first. */
export async function listRingEvents(db: Database, limit: number) {
  return await db
    .selectFrom("auditEvent")
    .select(["id", "at", "actorName", "action", "details"])
    .where("entityType", "=", "update-ring")
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
}
