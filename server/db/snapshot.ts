// The reads of one list on one state of the database, by index whatever the statistics say.
import { sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import type { Database } from "./schema.ts";

/**
 * Runs the reads of a list or a page. On PostgreSQL one snapshot serves them all, and its planner walks indexes as SQLite's does: it
 * prices a scan of the whole table for rows that it need not read, as soon as the statistics are some minutes old.
 */
export async function inSnapshot<T>(db: Database, read: (db: Database) => Promise<T>): Promise<T> {
  if (dialectOf(db) === "sqlite" || db.isTransaction) return await read(db);
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      await sql`select set_config(name, 'off', true) from (values
        ('enable_seqscan'), ('enable_hashjoin'), ('enable_mergejoin')) as settings (name)`.execute(tx);
      return await read(tx);
    });
}
