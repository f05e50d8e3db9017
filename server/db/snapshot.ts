// Reads all data of a list from one snapshot, by index regardless of the statistics.
import { sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import type { Database } from "./schema.ts";
import { statement } from "./statement.ts";
import { withRetries } from "./transaction.ts";

/**
 * How PostgreSQL plans frequent statements. `once`: for any values, because the order and the indexes do not
 * depend on them. To plan a statement often takes longer than to execute it. `by value`: again for each
 * request, because how a text is found the fastest depends on how many names have it. Absent: PostgreSQL
 * decides between the two after some requests.
 */
type Planning = "once" | "by value";

/**
 * Runs the reads of a list or a page. On PostgreSQL, all of them use one snapshot, and the planner prefers
 * indexes, like SQLite's planner. Otherwise it chooses scans of whole tables as soon as the statistics are a
 * few minutes old. Reads again after a migration by another server.
 */
export async function inSnapshot<T>(
  db: Database,
  read: (db: Database) => Promise<T>,
  planning?: Planning,
): Promise<T> {
  if (dialectOf(db) === "sqlite" || db.isTransaction) return await read(db);
  const snapshot = db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  return await withRetries(() =>
    snapshot.execute(async (tx) => {
      await (planning ? PLAN[planning] : preferOrder)(tx, {});
      return await read(tx);
    }),
  );
}

/**
 * Makes PostgreSQL read by index for the rest of the transaction. During a rollout, its statistics are out of
 * date: it assumes that a table of thousands of rows is empty, and scans it for every batch.
 */
export async function readByIndex(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await preferIndexes(tx, {});
}

/** Disables sorting until `sortAgain`, because an index has the order of the page. */
export async function walkInOrder(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await disableSorts(tx, {});
}

/** The same, if an index has the order except for that of a few rows with equal values. */
export async function walkNearlyInOrder(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await disableWholeSorts(tx, {});
}

/** The plan of a frequent statement is used for all requests, so it must not depend on those before it. */
export async function sortAgain(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres") await enableSorts(tx, {});
}

function setting(settings: Record<string, string>) {
  const all = Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`);
  return statement((db) => sql<never>`select ${sql.join(all)}`.compile(db), { isUnread: true });
}

/** To compile a statement, or to start processes that share its work, takes longer than to run it. */
const ALONE = { jit: "off", max_parallel_workers_per_gather: "0" };
const BY_INDEX = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off", ...ALONE };
/** In the order of the statement. To look for a better one takes longer than to read a page. */
const IN_SNAPSHOT = { ...BY_INDEX, join_collapse_limit: "1" };
const IN_ORDER = { enable_sort: "off", enable_incremental_sort: "off", enable_material: "off" };

const preferIndexes = setting(BY_INDEX);
const preferOrder = setting(IN_SNAPSHOT);
/**
 * A plan may expect more rows of a subquery than it returns. It must hash them nevertheless: otherwise
 * PostgreSQL would read them again for each row.
 */
const FOR_FLEETS = { ...IN_SNAPSHOT, work_mem: "64MB" };
const PLAN = {
  once: setting({ ...FOR_FLEETS, plan_cache_mode: "force_generic_plan" }),
  "by value": setting({ ...FOR_FLEETS, plan_cache_mode: "force_custom_plan" }),
};
const disableSorts = setting(IN_ORDER);
const enableSorts = setting({
  enable_sort: "on",
  enable_incremental_sort: "on",
  enable_material: "on",
});
const disableWholeSorts = setting({ ...IN_ORDER, enable_incremental_sort: "on" });
