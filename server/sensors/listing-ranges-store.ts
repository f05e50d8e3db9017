// The first sensors of a list in an order, in SQL: of each of many ranges of an index, of all sensors of a
// filter, and of a cell until enough match.
import { sql } from "kysely";
import { byIndex, parseRows, rowsAsJson } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import { numberRows } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { sortAgain, walkInOrder } from "../db/snapshot.ts";
import { type Chosen, isChosen } from "./classes-store.ts";
import {
  conditionsOf,
  indexedConditions,
  isAfter,
  listedIn,
  type Order,
  type Range,
} from "./listing-store.ts";

/** The indexes of an order within a class and a cell. */
const CLASS_INDEXES = {
  hostname_key: "sensor_listing_class_hostname",
  enrolled_at: "sensor_listing_class_enrolled",
  silent_since: "sensor_listing_class_silent",
};

/** Returns the first sensors of each range. Passes over so many of each at most; absent: all. */
export async function readRanges(
  db: Database,
  ranges: readonly Range[],
  most: number,
  order: Order,
  passed?: number,
): Promise<RowKey[][]> {
  const hasClasses = ranges.some(({ classId }) => classId !== 0);
  const { column, after, q, also, seen } = order;
  const value = sql.ref(`sensor_listing.${column}`);
  const conditions = [
    ...(hasClasses ? [sql`sensor_listing.class_id = part.class_id`] : []),
    sql`sensor_listing.cell = part.cell`,
    ...(after ? [isAfter(value, sql`sensor_listing.sensor_id`, order.order, after)] : []),
    ...indexedConditions(order),
  ];
  const direction = sql.raw(order.order);
  const index = hasClasses ? byIndex(db, CLASS_INDEXES[column]) : sql``;
  const columns = [...new Set(["sensor_id", column, ...(q ? ["hostname_key"] : [])])].map((name) =>
    sql.id(name),
  );
  const inOrder = sql`order by ${value} ${direction}, sensor_listing.sensor_id ${direction}`;
  const table =
    passed === undefined
      ? sql`sensor_listing ${index}`
      : sql`(select ${sql.join(columns)} from sensor_listing ${index} where ${sql.join(conditions, sql` and `)}
        ${inOrder} limit ${passed}) as sensor_listing`;
  const matching = [...(passed === undefined ? conditions : [sql`true`]), ...conditionsOf(order)];
  const first = sql`select ${value} as value, sensor_listing.sensor_id as id from ${table}
    where ${sql.join(matching, sql` and `)} ${inOrder} limit ${most}`;
  const parts = numberRows(
    db,
    ["place", "class_id", "cell"],
    ranges.map(({ classId, cell }, place) => [place, classId, cell]),
  );
  // PostgreSQL expects that few have the text or the status, and would sort them.
  const mustWalk = q !== undefined || seen !== undefined || also.length > 0;
  if (mustWalk) await walkInOrder(db);
  const { rows } = await sql<{ place: number; found: unknown }>`
    select part.place, ${rowsAsJson(db, ["value", "id"], first)} as found from ${parts} as part`.execute(
    db.withoutPlugins(),
  );
  if (mustWalk) await sortAgain(db);
  const found = ranges.map((): RowKey[] => []);
  for (const row of rows) found[Number(row.place)] = parseRows(row.found).map(toKey);
  return found;
}

/** Returns the first sensors of the cells. Reads and sorts all that are chosen. */
export async function sortListed(
  db: Database,
  chosen: Chosen,
  cells: readonly number[],
  most: number,
  order: Order,
): Promise<RowKey[]> {
  const value = sql.ref(`sensor_listing.${order.column}`);
  const all = [
    ...listedIn(db, chosen, cells),
    ...indexedConditions(order),
    // An expression, for which no index is used.
    ...(order.after ? [isAfter(value, sql`(sensor_listing.sensor_id || '')`, order.order, order.after)] : []),
    ...conditionsOf(order),
  ];
  const direction = sql.raw(order.order);
  const { rows } = await sql<RowKey>`
    select ${value} as value, sensor_listing.sensor_id as id from sensor_listing
    where ${sql.join(all, sql` and `)}
    order by ${value} ${direction}, sensor_listing.sensor_id ${direction} limit ${most}`.execute(
    db.withoutPlugins(),
  );
  return rows;
}

/**
 * Returns the first chosen sensors of a cell. Passes over so many sensors of the cell at most:
 * then it returns undefined, unless it has found enough.
 */
export async function walkListed(
  db: Database,
  chosen: Chosen,
  { cell, passed, most }: { cell: number; passed: number; most: number },
  order: Order,
): Promise<RowKey[] | undefined> {
  const [value, id] = [sql.ref(`sensor_listing.${order.column}`), sql`sensor_listing.sensor_id`];
  const direction = sql.raw(order.order);
  const among = [
    sql`sensor_listing.cell = ${sql.lit(cell)}`,
    ...indexedConditions(order),
    ...(order.after ? [isAfter(value, id, order.order, order.after)] : []),
  ];
  const inOrder = sql`order by ${value} ${direction}, ${id} ${direction}`;
  await walkInOrder(db);
  const { rows: ends } = await sql<RowKey>`
    select ${value} as value, ${id} as id from sensor_listing where ${sql.join(among, sql` and `)}
    ${inOrder} limit 1 offset ${passed}`.execute(db.withoutPlugins());
  const end = ends[0];
  const until = sql`(${value}, ${id}) ${sql.raw(order.order === "asc" ? "<=" : ">=")} (${end?.value}, ${end?.id})`;
  const all = [
    ...among,
    ...(end ? [until] : []),
    ...isChosen(db, chosen, sql`sensor_listing.class_id`),
    ...conditionsOf(order),
  ];
  const { rows } = await sql<RowKey>`
    select ${value} as value, ${id} as id from sensor_listing where ${sql.join(all, sql` and `)}
    ${inOrder} limit ${most}`.execute(db.withoutPlugins());
  await sortAgain(db);
  return rows.length === most || !end ? rows : undefined;
}

const toKey = ([value, id]: unknown[]): RowKey => ({ value: value as string | number, id: id as string });
