import { expect, test } from "bun:test";
import { sql } from "kysely";
import { waitUntil } from "../../harness/wait-until.ts";
import { pace } from "../pace.ts";
import { LONGEST_MS } from "../slots.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { afterCommit } from "./changes.ts";
import { forLongWork } from "./long-work.ts";
import { openDatabase } from "./open.ts";
import type { Database } from "./schema.ts";
import { inTransaction } from "./transaction.ts";

/** Twice the rate from which long work has its share. */
const CHECK_INS = { number: 80, everyMs: 10 };

function checkInOften(): Disposable {
  const arrive = () => {
    for (let number = 0; number < CHECK_INS.number; number++) pace.urgent();
  };
  arrive();
  const timer = setInterval(() => {
    arrive();
  }, CHECK_INS.everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Returns the statements that PostgreSQL executed at the same time as another, of these at once. */
async function countOverlaps(db: Database, statements: number): Promise<number> {
  const runs = Array.from({ length: statements }, async () => {
    const { rows } = await sql<{ began: number; ended: number }>`
      select extract(epoch from statement_timestamp())::float8 as began, pg_sleep(0.02),
        extract(epoch from clock_timestamp())::float8 as ended`.execute(db);
    return rows[0]!;
  });
  const times = (await Promise.all(runs)).toSorted((left, right) => left.began - right.began);
  return times.filter(({ began }, at) => at > 0 && began < times[at - 1]!.ended).length;
}

for (const dialect of TESTED_DIALECTS) {
  test(`long work has the transactions of the database (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const handle = forLongWork(db, "job");
    const told: Database[] = [];
    await inTransaction(handle, async (tx) => {
      expect(forLongWork(tx, "job")).toBe(tx);
      await tx.insertInto("setting").values({ name: "a", value: "1" }).execute();
      afterCommit(tx, (committed) => void told.push(committed));
    });
    // Listeners are those of the database, not of the handle.
    expect(told).toEqual([db]);
    const undone = inTransaction(handle, async (tx) => {
      await tx.updateTable("setting").set({ value: "2" }).where("name", "=", "a").execute();
      throw new Error("undone");
    });
    await undone.catch(() => {});
    const row = await db.selectFrom("setting").select("value").where("name", "=", "a").executeTakeFirst();
    expect(row).toEqual({ value: "1" });
  });
}

test.if(TESTED_DIALECTS.includes("postgres"))(
  "while many sensors check in, PostgreSQL executes one statement of long work at a time",
  async () => {
    await using database = await createTestDatabase("postgres");
    const { db } = database;
    const handle = forLongWork(db, "export");
    // Each connection is opened before.
    await countOverlaps(db, 5);
    expect(await countOverlaps(handle, 5)).toBeGreaterThan(0);
    using _load = checkInOften();
    expect(await countOverlaps(handle, 5)).toBe(0);
    expect(await countOverlaps(db, 5)).toBeGreaterThan(0);
    // A failed statement frees its slot.
    await expect(sql`select 1 / 0`.execute(handle)).rejects.toThrow("division by zero");
    expect(await countOverlaps(handle, 2)).toBe(0);
  },
);

test.if(TESTED_DIALECTS.includes("postgres"))(
  "while many sensors check in, a transaction that does not end delays others of its kind for a limited time",
  async () => {
    await using database = await createTestDatabase("postgres");
    const { db } = database;
    await sql`select 1`.execute(db);
    const handle = forLongWork(db, "export");
    using _load = checkInOften();
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const hanging = handle.transaction().execute(async (tx) => {
      await sql`select 1`.execute(tx);
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    const startedAt = performance.now();
    await Promise.all([sql`select 1`.execute(handle), sql`select 1`.execute(handle)]);
    expect(performance.now() - startedAt).toBeGreaterThan(LONGEST_MS);
    end.resolve();
    await hanging;
  },
);

test.if(TESTED_DIALECTS.includes("postgres"))(
  "uploads leave half of the connections to PostgreSQL to other requests",
  async () => {
    await using database = await createTestDatabase("postgres");
    const db = await openDatabase({ ...database.location, maxConnections: 4 });
    try {
      const handle = forLongWork(db, "upload");
      const end = Promise.withResolvers<void>();
      let begun = 0;
      const uploads = Array.from({ length: 6 }, () =>
        handle.transaction().execute(async (tx) => {
          begun++;
          await sql`select 1`.execute(tx);
          await end.promise;
        }),
      );
      await waitUntil("half of the connections are in use", async () => begun >= 2);
      await countOverlaps(db, 2);
      expect(begun).toBe(2);
      end.resolve();
      await Promise.all(uploads);
      expect(begun).toBe(6);
      // A failed one leaves its connection to the next.
      for (let time = 0; time < 3; time++)
        await expect(sql`select 1 / 0`.execute(handle)).rejects.toThrow("division by zero");
      await sql`select 1`.execute(handle);
    } finally {
      await db.destroy();
    }
  },
);
