// The audit events of rings in SQL.
import { isNoEnrollment } from "../db/enrollment-events.ts";
import type { Database } from "../db/schema.ts";

/** The newest first. */
export async function listRingEvents(db: Database, limit: number) {
  return await db
    .selectFrom("auditEvent as event")
    .select(["id", "at", "actorName", "action", "entityName", "details"])
    .where("entityType", "=", "update-ring")
    .where(isNoEnrollment)
    .orderBy("at", "desc")
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
}
