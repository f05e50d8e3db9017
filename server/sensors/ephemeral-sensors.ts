// Ephemeral sensors that have been offline for longer than their token allows: removed, shown for a while to who asks, then forgotten.
import { withdrawIdentifiers } from "../assets/assets.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { openTurns } from "../turns.ts";
import { deleteLongRemoved, listEndedEphemeral, markEndedRemoved } from "./ephemeral-sensors-store.ts";

/** How long a sensor that was removed as ephemeral is still shown to who asks for it. */
const KEPT_REMOVED_MS = 30 * 86_400_000;

/** Removes ephemeral sensors whose time offline is over, some at a time; returns how many. `reads` finds them. */
export async function removeEndedSensors(db: Database, now: number, reads: Database = db): Promise<number> {
  let removed = 0;
  const turns = openTurns();
  for (const { id, hostname, assetId, ephemeralHours, lastSeenAt } of await listEndedEphemeral(reads, now)) {
    const isRemoved = await inTransaction(db, async (tx) => {
      if (!(await markEndedRemoved(tx, id, now))) return false;
      await withdrawIdentifiers(tx, assetId);
      await recordAuditEvent(tx, {
        at: now,
        actor: { type: "system", id: "system", name: "AttackLens" },
        action: "sensor.removed",
        entity: { type: "sensor", id },
        details: { hostname, ephemeralHours, lastSeenAt: toInstant(lastSeenAt) },
      });
      return true;
    });
    if (isRemoved) removed++;
    if (turns.isOver()) await turns.next();
  }
  await deleteLongRemoved(db, now - KEPT_REMOVED_MS, now);
  return removed;
}
