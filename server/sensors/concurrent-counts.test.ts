// Two servers change the same sensors at once: the numbers stay exact, and no check-in fails.
import { describe, expect, test } from "bun:test";
import { sql } from "kysely";
import { fleetId } from "../../harness/fleet-rows.ts";
import { drawnCases } from "../../harness/long-tests.ts";
import { newSeed, seededRandom } from "../../harness/seeded-random.ts";
import { changeAssets } from "../assets/asset-changes.ts";
import { withEventsLast } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { allRows, INTERVAL_SECONDS, inOneOrder, recount } from "../testing/sensor-recount.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { openPresence } from "./record/presence-store.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { countSensors } from "./sensor-counts.ts";
import { findSilent } from "./silence.ts";
import { addUpCounts } from "./silence-store.ts";

const SENSORS = 200;
const NOW = 1_780_000_000_000;
const SINCE = onlineSince(NOW, INTERVAL_SECONDS);

/** Some of the sensors, in any order. */
const someOf = (random: () => number, most: number) =>
  Array.from({ length: 1 + Math.floor(random() * most) }, () =>
    fleetId("sen", 1 + Math.floor(random() * SENSORS)),
  );

/** Makes requests of sensors on a server. Returns the requests that were not decided. */
async function checkIn(db: Database, random: () => number, rounds: number): Promise<unknown[]> {
  const failures: unknown[] = [];
  const presence = openPresence(
    { db, reads: db },
    { succeeded: () => {}, failed: (error) => failures.push(error) },
  );
  for (let round = 0; round < rounds; round++) {
    const states = await db
      .selectFrom("sensor")
      .select(["id", "revision", "standing"])
      .where("id", "in", [...new Set(someOf(random, 60))])
      .execute();
    await Promise.allSettled(
      states.map(({ id, revision, standing }, index) =>
        presence.accept({
          ...{ sensorId: id, revision, standing, address: "10.0.0.1" },
          lastSeenAt: random() < 0.7 ? NOW : SINCE - 1,
          lastNonce: 1_000_000 + round * 1_000 + index,
        }),
      ),
    );
  }
  return failures;
}

/** Blocks sensors, unblocks them or moves them to other groups, several in each transaction. */
async function administrate(db: Database, random: () => number, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++)
    await inTransaction(db, (tx) =>
      withEventsLast(tx, () => (random() < 0.7 ? block(tx, random) : move(tx, random))),
    );
}

async function block(tx: Database, random: () => number): Promise<void> {
  for (const id of someOf(random, 5))
    await tx
      .updateTable("sensor")
      .set({ blockedAt: random() < 0.5 ? NOW : null })
      .where("id", "=", id)
      .execute();
}

async function move(tx: Database, random: () => number): Promise<void> {
  const ids = someOf(random, 20).map((id) => id.replace("sen", "ast"));
  const number = Math.floor(random() * 5);
  const to = number === 0 ? null : { id: fleetId("grp", number), name: "" };
  await changeAssets(
    ...([tx, NOW, { id: fleetId("usr", 1), name: "Ada" } as User] as const),
    { action: "move", to },
    [...new Set(ids)].map((id) => ({ id, name: "" })),
  );
}

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    test(`numbers equal a recount after two servers changed the same sensors at once (${dialect})`, async () => {
      const seed = newSeed();
      await using database = await createTestDatabase(dialect);
      // SQLite has one server.
      const servers = [database.db, dialect === "postgres" ? await database.reopen() : database.db];
      await insertFleet(database.db, { sensors: SENSORS, now: NOW });
      const rounds = drawnCases(60);
      const failures = await Promise.all(
        servers.flatMap((db, index) => {
          const random = seededRandom(seed + index);
          const markAll = async () => {
            for (let round = 0; round < rounds; round++) {
              await findSilent(db, () => SINCE);
              await addUpCounts(db);
            }
          };
          return [checkIn(db, random, rounds), administrate(db, random, rounds), markAll()];
        }),
      );
      expect({ seed, failures: failures.flat().filter(Boolean) }).toEqual({ seed, failures: [] });
      const wrong = await sql`select id from asset_group where assets <> (
        select count(*) from asset where asset_group_id = asset_group.id)`.execute(database.db);
      expect({ seed, wrong: wrong.rows }).toEqual({ seed, wrong: [] });
      const { tags: _, ...numbers } = await countSensors(database.db, SINCE);
      const counts = inOneOrder(numbers);
      expect({ seed, ...counts }).toEqual({ seed, ...inOneOrder(recount(await allRows(database.db, NOW))) });
    });
  });
}
