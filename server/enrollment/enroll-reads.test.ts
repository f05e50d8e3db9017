// The number of rows that an enrollment reads while a rollout is faster than the database's statistics. It
// must not grow with the fleet.
import { expect, test } from "bun:test";
import { sql } from "kysely";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { createTestDatabase } from "../testing/test-world.ts";
import { enrollBatch } from "./enroll-batch.ts";

const SENSORS = 4_000;
const NOW = 1_780_000_000_000;

function hosts(first: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const number = String(first + index).padStart(6, "0");
    return {
      valueHash: "hash 1",
      publicKey: `key ${number}`,
      at: NOW,
      address: "10.0.0.1",
      nonce: 1,
      sensorVersion: "2026.11.0",
      host: {
        hostname: `new-${number}`,
        platform: "linux" as const,
        architecture: "amd64" as const,
        osName: "Debian",
        osVersion: "13",
        productUuid: `4c4c4544-0000-1000-8000-000000${number}`,
        serialNumber: `SN${number}`,
        macs: [`00:16:3e:${number.slice(0, 2)}:${number.slice(2, 4)}:${number.slice(4)}`],
        addresses: ["10.0.0.1"],
      },
    };
  });
}

/** Rows that this connection has read, in this transaction or shortly before. Compare only differences. */
async function countRead(tx: Database): Promise<number> {
  const { rows } = await sql<{ read: number }>`
    select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) as read from pg_stat_xact_user_tables
    where relname in ('asset', 'asset_identifier', 'sensor', 'sensor_presence', 'known_key', 'enrollment_attempt')`.execute(
    tx,
  );
  return Number(rows[0]!.read);
}

test("an enrollment reads few rows per host, without statistics and also if every host has a match (postgres)", async () => {
  await using database = await createTestDatabase("postgres");
  const { db } = database;
  await insertFleet(db, { sensors: SENSORS, now: NOW });
  // The second batch is the same hardware with other keys, so each host matches one of the first batch.
  for (const batch of [
    hosts(0, 50),
    hosts(0, 50).map((host) => ({ ...host, publicKey: `${host.publicKey}'` })),
  ]) {
    const read = await inTransaction(db, async (tx) => {
      const before = await countRead(tx);
      const outcomes = await enrollBatch(tx, batch, 60);
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      return (await countRead(tx)) - before;
    });
    expect(read).toBeLessThan(SENSORS);
  }
  const { matches } = await db
    .selectFrom("sensorMatch")
    .select((eb) => eb.fn.countAll().as("matches"))
    .where("facts", "!=", "[]")
    .executeTakeFirstOrThrow();
  expect(Number(matches)).toBe(50);
});
