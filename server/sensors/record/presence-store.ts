// The last request and the last nonce of every sensor, written by group commit: requests that arrive together
// share one durable write.
import { sql } from "kysely";
import { openBatcher } from "../../batcher.ts";
import { hasOneServer, isAmong } from "../../db/dialect.ts";
import { rowStatement } from "../../db/row-statement.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorPresenceTable } from "../../db/schema-sensors.ts";
import { type Place, statement } from "../../db/statement.ts";
import { withRetries } from "../../db/transaction.ts";
import type { Health } from "../../health.ts";
import { addressKey, addressOfKey } from "../../networks.ts";
import { pace } from "../../pace.ts";
import { openSharedReads } from "../../shared-reads.ts";
import type { SensorState } from "./sensors-store.ts";

/** Requests in one write, which is one statement. */
const MAX_BATCH = 1_000;
/** A durable write takes as much CPU time as several requests, so those that arrive together share one. */
const GATHER_MS = 2;

/** A request of a sensor, with the state of the sensor by which the request was checked. */
export interface SeenSensor extends SensorPresenceTable, Pick<SensorState, "revision" | "standing"> {}

/** `reads`: for reads, which do not delay commits. `health` receives the result of each commit. */
export function openPresence(
  { db, reads }: { db: Database; reads: Database },
  health: Pick<Health, "succeeded" | "failed">,
) {
  const batcher = openBatcher<SeenSensor, boolean>({
    ...{ running: 1, gatherMs: GATHER_MS },
    ...{ take: takeBatch, work: write },
  });

  /** The first of the requests that wait. */
  let waitingSince = 0;

  async function write(rows: SeenSensor[]): Promise<boolean[]> {
    const startedAt = performance.now();
    const since = waitingSince || startedAt;
    waitingSince = 0;
    try {
      // Another server's transaction may change several of the sensors in another order: then one of both
      // fails.
      const seen = rows.map((row) => ({ ...row, address: addressKey(row.address) }));
      const upsert = () => upsertSeen(db, seen);
      const accepted = await (hasOneServer(db) ? upsert() : withRetries(upsert));
      health.succeeded();
      // On PostgreSQL, slots limit long work, and its pauses depend on the rate of requests alone.
      if (hasOneServer(db)) {
        const endedAt = performance.now();
        pace.committed(endedAt - since, endedAt - startedAt);
      }
      if (accepted.length === rows.length) return rows.map(() => true);
      const ids = new Set(accepted.map(({ sensorId }) => sensorId));
      return rows.map(({ sensorId }) => ids.has(sensorId));
    } catch (error) {
      health.failed(error);
      throw error;
    }
  }

  return {
    /**
     * Records that a sensor was seen, if the nonce is above the last accepted one, and the sensor has not
     * changed since its state was read. Returns after the commit.
     */
    accept(seen: SeenSensor): Promise<boolean> {
      waitingSince ||= performance.now();
      return batcher.add(seen);
    },
    /** Returns the time and the address of a sensor's last request. */
    find: openSharedReads({ list: (ids) => listPresences(reads, ids), idOf: ({ sensorId }) => sensorId }),
  };
}

/**
 * Takes one request per sensor, because a statement may change a row only once. Others wait for the next
 * batch.
 */
function takeBatch<W extends { request: SeenSensor }>(waiting: W[]): { batch: W[]; rest: W[] } {
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

const SEEN = {
  sensorId: "text",
  lastSeenAt: "bigint",
  lastNonce: "bigint",
  address: "text",
  revision: "bigint",
  standing: "text",
} as const;

/**
 * Returns those that were accepted. Sorted by id, to avoid deadlocks between servers. The state is compared
 * in a subquery: for a join, PostgreSQL may read all sensors.
 */
const upsertSeen = rowStatement<SeenSensor, { sensorId: string }>(SEEN, (db, rows) =>
  sql<{ sensorId: string }>`
    insert into sensor_presence (sensor_id, last_seen_at, last_nonce, address)
    select sensor_id, last_seen_at, last_nonce, address from ${rows} as seen
    where (
      select sensor.revision = seen.revision and sensor.standing = seen.standing
      from sensor where sensor.id = seen.sensor_id
    )
    order by sensor_id
    on conflict (sensor_id) do update set
      last_seen_at = excluded.last_seen_at, last_nonce = excluded.last_nonce, address = excluded.address
    where sensor_presence.last_nonce < excluded.last_nonce
    returning sensor_id as "sensorId"`.compile(db),
);

const presencesOf = statement((db, place: Place<{ ids: string }>) =>
  db
    .selectFrom("sensorPresence")
    .select(["sensorId", "lastSeenAt", "address"])
    .where(isAmong(db, "sensor_id", place("ids")))
    .compile(),
);

/** Returns the times and the addresses of the last requests of sensors. */
async function listPresences(db: Database, ids: readonly string[]) {
  const rows = await presencesOf(db, { ids: JSON.stringify(ids) });
  return rows.map((row) => ({ ...row, address: addressOfKey(row.address) }));
}

/** Returns the address of a sensor's last request. */
export async function findLastAddress(db: Database, sensorId: string): Promise<string | undefined> {
  return (await listPresences(db, [sensorId]))[0]?.address;
}

interface Touched {
  sensorId: string;
  lastSeenAt: number;
  address: string;
}

const touch = rowStatement<Touched, never>(
  { sensorId: "text", lastSeenAt: "bigint", address: "text" },
  (db, rows) =>
    sql<never>`
      update sensor_presence set last_seen_at = seen.last_seen_at, address = seen.address
      from ${rows} as seen where sensor_presence.sensor_id = seen.sensor_id`.compile(db),
);

/** Records that sensors were seen, after their nonces were spent. */
export async function touchPresences(tx: Database, sensors: readonly Touched[]): Promise<void> {
  await touch(
    tx,
    sensors.map((seen) => ({ ...seen, address: addressKey(seen.address) })),
  );
}

/** Raises the last nonce when the key changes, so that nonces keep increasing. */
export async function raiseNonce(tx: Database, sensorId: string, nonce: number): Promise<void> {
  await tx
    .updateTable("sensorPresence")
    .set({ lastNonce: nonce })
    .where("sensorId", "=", sensorId)
    .where("lastNonce", "<", nonce)
    .execute();
}

/** Returns the last accepted nonce of a sensor, or 0. */
export async function findLastNonce(db: Database, sensorId: string): Promise<number> {
  const row = await db
    .selectFrom("sensorPresence")
    .select("lastNonce")
    .where("sensorId", "=", sensorId)
    .executeTakeFirst();
  return row?.lastNonce ?? 0;
}
