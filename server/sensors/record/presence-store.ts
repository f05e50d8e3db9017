// Last seen and last nonce of every sensor, written by group commit: requests that arrive together share one
// durable write.
import { sql } from "kysely";
import { openBatcher } from "../../batcher.ts";
import { forSomeRows } from "../../db/batches.ts";
import type { Database, SensorPresenceTable } from "../../db/schema.ts";
import type { Health } from "../../health.ts";

/** Requests of one write. */
const MAX_BATCH = 2_000;

/** `health` receives the result of each commit. */
export function openPresence(db: Database, health: Pick<Health, "succeeded" | "failed">) {
  const batcher = openBatcher<SensorPresenceTable, boolean>({ running: 1, take: takeBatch, work: write });

  async function write(rows: SensorPresenceTable[]): Promise<boolean[]> {
    try {
      const accepted = await upsert(db, rows);
      health.succeeded();
      return rows.map(({ sensorId }) => accepted.has(sensorId));
    } catch (error) {
      health.failed(error);
      throw error;
    }
  }

  return {
    /**
     * Records that a sensor was seen, if the nonce is above the last accepted one. Returns after the commit;
     * false for a replay.
     */
    accept: (seen: SensorPresenceTable): Promise<boolean> => batcher.add(seen),
  };
}

/**
 * One row per sensor: a statement may change a row only once, so a sensor's second request waits for the next
 * batch.
 */
function takeBatch<W extends { request: SensorPresenceTable }>(waiting: W[]): { batch: W[]; rest: W[] } {
  const batch = new Map<string, W>();
  const rest: W[] = [];
  for (const one of waiting) {
    const { sensorId } = one.request;
    if (batch.size < MAX_BATCH && !batch.has(sensorId)) batch.set(sensorId, one);
    else rest.push(one);
  }
  return { batch: [...batch.values()], rest };
}

export type Presence = ReturnType<typeof openPresence>;

async function upsert(db: Database, rows: SensorPresenceTable[]): Promise<Set<string>> {
  // In the order of the ids, to avoid deadlocks between servers.
  const ordered = rows.toSorted((left, right) => (left.sensorId < right.sensorId ? -1 : 1));
  const accepted = await forSomeRows(ordered, (some) =>
    db
      .insertInto("sensorPresence")
      .values(some)
      .onConflict((conflict) =>
        conflict
          .column("sensorId")
          .doUpdateSet((eb) => ({
            lastSeenAt: eb.ref("excluded.lastSeenAt"),
            lastNonce: eb.ref("excluded.lastNonce"),
            address: eb.ref("excluded.address"),
          }))
          .where(sql<boolean>`sensor_presence.last_nonce < excluded.last_nonce`),
      )
      .returning("sensorId")
      .execute(),
  );
  return new Set(accepted.map(({ sensorId }) => sensorId));
}

/** When and from where a sensor was last seen. */
export async function findPresence(db: Database, sensorId: string) {
  return await db
    .selectFrom("sensorPresence")
    .select(["lastSeenAt", "address"])
    .where("sensorId", "=", sensorId)
    .executeTakeFirst();
}

/** Records that the sensor was seen, after its nonce was spent. */
export async function touchPresence(
  tx: Database,
  sensorId: string,
  lastSeenAt: number,
  address: string,
): Promise<void> {
  await tx
    .updateTable("sensorPresence")
    .set({ lastSeenAt, address })
    .where("sensorId", "=", sensorId)
    .execute();
}

/** The key changes, and its holder counts nonces from now on: they keep growing. */
export async function raiseNonce(tx: Database, sensorId: string, nonce: number): Promise<void> {
  await tx
    .updateTable("sensorPresence")
    .set({ lastNonce: nonce })
    .where("sensorId", "=", sensorId)
    .where("lastNonce", "<", nonce)
    .execute();
}

/** The last nonce that was accepted of a sensor; 0 when there is none. */
export async function findLastNonce(db: Database, sensorId: string): Promise<number> {
  const row = await db
    .selectFrom("sensorPresence")
    .select("lastNonce")
    .where("sensorId", "=", sensorId)
    .executeTakeFirst();
  return row?.lastNonce ?? 0;
}
