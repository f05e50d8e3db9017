// Removes ephemeral sensors that were offline for longer than their token allows. They remain visible for a
// while, then they are deleted.
import { withdrawIdentifiers } from "../assets/assets.ts";
import { recordAuditEvent, SYSTEM_ACTOR } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { openTurns } from "../turns.ts";
import { deleteLongRemoved, endedEphemeralSlices, markEndedRemoved } from "./ephemeral-sensors-store.ts";

/** How long a removed ephemeral sensor remains visible. */
const KEPT_REMOVED_MS = 30 * 86_400_000;
/** Sensors in one statement, which other requests may wait for. */
const DELETED_AT_ONCE = 100;

/** Removes ephemeral sensors after their offline hours. Returns the number of sensors. `reads` finds them. */
export async function removeEndedSensors(db: Database, now: number, reads: Database = db): Promise<number> {
  let removed = 0;
  const turns = openTurns("job");
  for await (const ended of endedEphemeralSlices(reads, now)) {
    for (const sensor of ended) {
      if (await removeEnded(db, now, sensor)) removed++;
      if (turns.isOver()) await turns.next();
    }
    if (turns.isOver()) await turns.next();
  }
  const before = now - KEPT_REMOVED_MS;
  while ((await deleteLongRemoved(db, before, now, DELETED_AT_ONCE)) === DELETED_AT_ONCE) await turns.next();
  return removed;
}

type EndedSensor = {
  id: string;
  hostname: string;
  assetId: string;
  ephemeralHours: number | null;
  lastSeenAt: number;
};

async function removeEnded(
  db: Database,
  now: number,
  { id, hostname, assetId, ephemeralHours, lastSeenAt }: EndedSensor,
): Promise<boolean> {
  return await inTransaction(db, async (tx) => {
    if (!(await markEndedRemoved(tx, id, now))) return false;
    await withdrawIdentifiers(tx, [assetId]);
    await recordAuditEvent(tx, {
      at: now,
      actor: SYSTEM_ACTOR,
      action: "sensor.removed",
      entity: { type: "sensor", id, name: hostname },
      details: { ephemeralHours, lastSeenAt: toInstant(lastSeenAt) },
    });
    return true;
  });
}
