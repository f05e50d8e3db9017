// Reads all data of a list from one snapshot, by index regardless of the statistics.
import { sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import { prepareOften, sendAhead } from "./prepared.ts";
import type { Database } from "./schema.ts";

/**
 * Runs the reads of a list or a page. On PostgreSQL, all of them use one snapshot, and the planner prefers
 * indexes, like SQLite's planner. Otherwise it chooses scans of whole tables as soon as the statistics are a
 * few minutes old.
 */
export async function inSnapshot<T>(db: Database, read: (db: Database) => Promise<T>): Promise<T> {
  if (dialectOf(db) === "sqlite" || db.isTransaction) return await read(db);
  return await db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      // In the order of the statement. To look for a better one takes longer than to read a page.
      await set(tx, { ...BY_INDEX, join_collapse_limit: "1" });
      return await read(tx);
    });
}

/**
 * Makes PostgreSQL read by index for the rest of the transaction. During a rollout, its statistics are out of
 * date: it assumes that a table of thousands of rows is empty, and scans it for every batch.
 */
export async function readByIndex(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await set(tx, BY_INDEX);
}

/** Disables sorting for the rest of the snapshot, because an index has the order of the page. */
export async function walkInOrder(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await set(tx, IN_ORDER);
}

/** The same, if an index has the order except for that of a few rows with equal values. */
export async function walkNearlyInOrder(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await set(tx, { ...IN_ORDER, enable_incremental_sort: "on" });
}

/** Compiling a statement takes longer than to run it. */
const BY_INDEX = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off", jit: "off" };
const IN_ORDER = { enable_sort: "off", enable_incremental_sort: "off", enable_material: "off" };

async function set(tx: Database, settings: Record<string, string>): Promise<void> {
  const all = Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`);
  const query = sql<never>`select ${sql.join(all)}`.compile(tx);
  prepareOften(query.sql);
  sendAhead(query.sql);
  await tx.executeQuery(query);
}
