// Reads of one list on one state of the database, by index regardless of the statistics.
import { sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import type { Database } from "./schema.ts";

/**
 * Runs the reads of a list or a page. On PostgreSQL one snapshot serves them all, and its planner walks
 * indexes as SQLite's does: it prices a scan of the whole table for rows that it need not read, as soon as
 * the statistics are some minutes old.
 */
export async function inSnapshot<T>(db: Database, read: (db: Database) => Promise<T>): Promise<T> {
  if (dialectOf(db) === "sqlite" || db.isTransaction) return await read(db);
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      await readByIndex(tx);
      return await read(tx);
    });
}

/**
 * In a transaction: from here on PostgreSQL reads by index. Its statistics are as old as the last analysis:
 * in the middle of a rollout it takes a table of thousands for an empty one, and reads all of it for every
 * batch.
 */
export async function readByIndex(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres")
    await turnOff(tx, ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"]);
}

/** In such a snapshot: from here on the rows are not sorted, since an index has the order of the page. */
export async function walkInOrder(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await turnOff(tx, ["enable_sort", "enable_incremental_sort"]);
}

async function turnOff(tx: Database, settings: string[]): Promise<void> {
  const off = settings.map((name) => sql`set_config(${name}, 'off', true)`);
  await sql`select ${sql.join(off)}`.execute(tx);
}
