// Last seen and last nonce of every sensor, written by group commit: requests that arrive together share one durable write.
import { sql } from "kysely";
import { forSomeRows } from "../../db/batches.ts";
import type { Database, SensorPresenceTable } from "../../db/schema.ts";
import type { Health } from "../../route-handler.ts";

/** Requests of one write: what waits longer has its turn next. */
const MAX_BATCH = 2_000;

export interface Presence {
  /**
   * Records that a sensor was seen, if the nonce is above the last one accepted. Answers after the commit: true, or
   * false for a replay.
   */
  accept(seen: SensorPresenceTable): Promise<boolean>;
}

interface Waiting {
  seen: SensorPresenceTable;
  resolve: (accepted: boolean) => void;
  reject: (error: unknown) => void;
}

/** `health` is told of each commit that succeeds or fails. */
export function openPresence(db: Database, health: Pick<Health, "succeeded" | "failed">): Presence {
  let waiting: Waiting[] = [];
  let writing = false;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        const accepted = await upsert(
          db,
          batch.map(({ seen }) => seen),
        );
        health.succeeded();
        for (const { seen, resolve } of batch) resolve(accepted.has(seen.sensorId));
      } catch (error) {
        health.failed(error);
        for (const { reject } of batch) reject(error);
      }
    }
    writing = false;
  }

  /** One row a sensor: a statement may touch a row only once, so a sensor's second request waits for the next batch. */
  function takeBatch(): Waiting[] {
    const batch = new Map<string, Waiting>();
    const later: Waiting[] = [];
    for (const request of waiting) {
      if (batch.size < MAX_BATCH && !batch.has(request.seen.sensorId))
        batch.set(request.seen.sensorId, request);
      else later.push(request);
    }
    waiting = later;
    return [...batch.values()];
  }

  return {
    accept(seen) {
      return new Promise((resolve, reject) => {
        waiting.push({ seen, resolve, reject });
        if (writing) return;
        writing = true;
        // What arrives in this turn of the event loop joins the batch; what arrives during a write joins the next.
        setImmediate(write);
      });
    },
  };
}

async function upsert(db: Database, rows: SensorPresenceTable[]): Promise<Set<string>> {
  // In the order of the ids, so that two servers that write the same sensors never wait for each other in a circle.
  const ordered = rows.sort((left, right) => (left.sensorId < right.sensorId ? -1 : 1));
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

/** Records that the sensor was seen, where its nonce is spent already. */
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

/** The key changes, and with it who counts: nonces go on growing all the same. */
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
