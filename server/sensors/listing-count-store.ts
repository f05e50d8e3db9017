// The number of sensors that match a search or conditions, where no numbers are kept, in SQL.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { sql } from "kysely";
import { isNamed, sensorsNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { type CellCount, type Chosen, isChosen } from "./classes-store.ts";
import { conditionsOf, hasIndexedText, isSeen, listedIn, type Order, type Seen } from "./listing-store.ts";

/** Counts all chosen sensors in the cells with this text in their names, and with the status. */
export async function countAllNamed(
  db: Database,
  chosen: Chosen,
  { cells, q, seen }: { cells: readonly number[]; q: string; seen?: Seen },
): Promise<number> {
  if (cells.length === 0) return 0;
  const among = sql.join([...new Set(cells)].map((cell) => sql.lit(cell)));
  const named =
    sensorsNamed(db, q)?.select(["sensorListing.sensorId", "sensorListing.cell", "sensorListing.classId"]) ??
    sql`(select sensor_id, cell, class_id from sensor_listing
      where sensor_listing.cell in (${among}) and ${hasIndexedText(q)})`;
  const conditions = [
    sql`named.cell in (${among})`,
    ...isChosen(db, chosen, sql`named.class_id`),
    ...(seen
      ? [sql`(select ${isSeen(seen)} from sensor_presence where sensor_presence.sensor_id = named.sensor_id)`]
      : []),
  ];
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (${named}) as named
    where ${sql.join(conditions, sql` and `)}`.execute(db);
  return Number(rows[0]!.count);
}

/** Counts all chosen sensors in the cells that match the conditions. Reads all of them. */
export async function countAllThat(
  db: Database,
  chosen: Chosen,
  cells: readonly number[],
  order: Pick<Order, "q" | "also" | "seen" | "among">,
): Promise<number> {
  if (cells.length === 0) return 0;
  const conditions = [...listedIn(db, chosen, cells), ...conditionsOf(order)];
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from sensor_listing where ${sql.join(conditions, sql` and `)}`.execute(db);
  return Number(rows[0]!.count);
}

/** So many sensors are searched to count those that match, and so many that a search finds are counted. */
const MOST_SEARCHED = 2_000;

/**
 * Counts the chosen sensors with this text in their names. Not exact: there are at least so many,
 * because only the first ones that the filter or the search finds are counted.
 */
export async function countNamed(
  db: Database,
  chosen: Chosen,
  counted: readonly CellCount[],
  q: string,
): Promise<{ count: number; isExact: boolean }> {
  const sensors = counted.reduce((sum, cell) => sum + cell.sensors, 0);
  const named = sensors > MOST_SEARCHED ? sensorsNamed(db, q) : undefined;
  const cells = counted.map(({ cell }) => cell);
  if (named) {
    const among = sql.join(cells.map((cell) => sql.lit(cell)));
    const matching = [sql`cell in (${among})`, ...isChosen(db, chosen, sql`named.class_id`)];
    const some = named.select(["sensorListing.cell", "sensorListing.classId"]).limit(COUNT_CAP + 1);
    const { rows } = await sql<{ all: number; count: number }>`
      select count(*) as all_named, count(case when ${sql.join(matching, sql` and `)} then 1 end) as count
      from (${some}) as named`.execute(db);
    const { allNamed, count } = rows[0] as unknown as { allNamed: number; count: number };
    return { count: Math.min(Number(count), COUNT_CAP), isExact: Number(allNamed) <= COUNT_CAP };
  }
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (
      select sensor_listing.hostname_key from sensor_listing
      where ${sql.join(listedIn(db, chosen, cells), sql` and `)}
      limit ${MOST_SEARCHED}) as chosen
    where ${isNamed(sql<string>`chosen.hostname_key`, q)}`.execute(db);
  return { count: Number(rows[0]!.count), isExact: sensors <= MOST_SEARCHED };
}
