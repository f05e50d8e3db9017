// Sensors by their last check-in, in SQL. The index of check-ins also has each sensor's cell, token and
// group, so a list reads no other table for the sensors that it passes over.
import { type RawBuilder, sql } from "kysely";
import { isOneOf } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import { seenCell } from "../db/listing-cells.ts";
import { isAmongNumbers } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { sortAgain, walkInOrder } from "../db/snapshot.ts";
import { type Place, statement } from "../db/statement.ts";
import { type CellCount, type Chosen, isChosen } from "./classes-store.ts";
import {
  type Condition,
  conditionsOf,
  isAfter,
  isIn,
  isSeen,
  listedIn,
  type Order,
  type Range,
  type Seen,
  type Source,
} from "./listing-store.ts";

/** Returns the conditions on a row of `sensor_presence`. */
function isInCells(db: Database, chosen: Chosen, cells: Iterable<number>) {
  return [
    isAmongNumbers(db, sql`sensor_presence.cell`, [...new Set([...cells].map(seenCell))]),
    ...isChosen(db, chosen, sql`sensor_presence.class_id`),
  ];
}

interface SeenOrder extends Omit<Order, "column"> {
  /** Whether the sensors that are marked as silent are read, or the others. */
  isSilent: 0 | 1;
}

/** Returns the first sensors of the cells. Reads sensors in the order of check-ins until it has enough. */
export async function walkSeen(
  db: Database,
  chosen: Chosen,
  cells: readonly number[],
  most: number,
  { order, after, q, also, among, before, seen, isSilent }: SeenOrder,
): Promise<RowKey[]> {
  const isListed = q !== undefined || also.length > 0;
  const conditions = [
    sql`sensor_presence.is_silent = ${sql.lit(isSilent)}`,
    ...isInCells(db, chosen, cells),
    ...(before === undefined ? [] : [sql`sensor_presence.last_seen_at < ${before}`]),
    ...(seen ? [isSeen(seen)] : []),
    ...(among ? [isIn(sql`sensor_presence.sensor_id`, among)] : []),
    ...(after
      ? [isAfter(sql`sensor_presence.last_seen_at`, sql`sensor_presence.sensor_id`, order, after)]
      : []),
    ...(isListed ? [sql`sensor_listing.sensor_id = sensor_presence.sensor_id`] : []),
    ...conditionsOf({ q, also }),
  ];
  await walkInOrder(db);
  const direction = sql.raw(order);
  const { rows } = await sql<RowKey>`
    select sensor_presence.last_seen_at as value, sensor_presence.sensor_id as id
    from sensor_presence ${isListed ? sql`cross join sensor_listing` : sql``}
    where ${sql.join(conditions, sql` and `)}
    order by sensor_presence.last_seen_at ${direction}, sensor_presence.sensor_id ${direction}
    limit ${most}`.execute(db.withoutPlugins());
  await sortAgain(db);
  return rows;
}

/** The same, for few sensors: reads all of the cells and sorts them. */
export async function sortSeen(
  db: Database,
  chosen: Chosen,
  cells: readonly number[],
  most: number,
  { order, after, q, also }: Omit<Order, "column">,
): Promise<RowKey[]> {
  const conditions = [...listedIn(db, chosen, cells), ...conditionsOf({ q, also })];
  const ids = sql`select sensor_listing.sensor_id from sensor_listing where ${sql.join(conditions, sql` and `)}`;
  // An expression, for which no index is used.
  const value = sql`(sensor_presence.last_seen_at + 0)`;
  const place = after ? sql`and ${isAfter(value, sql`sensor_presence.sensor_id`, order, after)}` : sql``;
  const direction = sql.raw(order);
  const { rows } = await sql<RowKey>`
    select ${value} as value, sensor_presence.sensor_id as id from sensor_presence
    where ${isOneOf(db, sql`sensor_presence.sensor_id`, ids)} ${place}
    order by ${value} ${direction}, sensor_presence.sensor_id ${direction}
    limit ${most}`.execute(db.withoutPlugins());
  return rows;
}

const isMisplaced = (isSilent: 0 | 1, onlineSince: number | RawBuilder<number>) =>
  sql`sensor_presence.is_silent = ${sql.lit(isSilent)} and sensor_presence.cell is not null
    and ${isSeen({ status: isSilent === 1 ? "online" : "offline", since: onlineSince })}`;

const misplacedByClass = statement((db, place: Place<{ onlineSince: number }>) => {
  const some = (isSilent: 0 | 1) => sql`
    select sensor_presence.class_id, sensor_presence.cell + ${sql.lit(isSilent)} as cell, count(*) as sensors
    from sensor_presence where ${isMisplaced(isSilent, place("onlineSince"))}
    group by sensor_presence.class_id, sensor_presence.cell`;
  return sql<{ classId: number; cell: number; sensors: number }>`${some(0)} union all ${some(1)}`.compile(db);
});

/** Counts the sensors whose silence changed since the job last looked, by the cell that they still have. */
export async function countMisplaced(
  db: Database,
  { classes }: Chosen,
  onlineSince: number,
): Promise<CellCount[]> {
  const counted = await misplacedByClass(db, { onlineSince });
  const ids = classes && new Set(classes.map(({ of }) => of.id));
  return counted
    .filter(({ classId }) => ids?.has(Number(classId)) ?? true)
    .map(({ cell, sensors }) => ({ cell, sensors: Number(sensors) }));
}

/** Counts the sensors of cells that were last seen before a time, which is earlier than that of silence. */
export async function countSeenBefore(
  db: Database,
  cells: readonly number[],
  before: number,
): Promise<number> {
  const { rows } = await sql<{ sensors: number }>`
    select count(*) as sensors from sensor_presence
    where sensor_presence.is_silent in (0, 1) and sensor_presence.last_seen_at < ${before}
      and ${sql.join(isInCells(db, { all: [] }, cells), sql` and `)}`.execute(db);
  return Number(rows[0]?.sensors ?? 0);
}

/** A sensor whose silence changed since the job last looked. */
export interface Misplaced extends Range {
  sensorId: string;
  hostnameKey: string;
  enrolledAt: number;
  lastSeenAt: number;
}

/** Returns all of them that match the conditions, which must be few. */
export async function listMisplaced(
  db: Database,
  chosen: Chosen,
  onlineSince: number,
  also: readonly Condition[],
): Promise<Misplaced[]> {
  const conditions = (isSilent: 0 | 1) => [
    isMisplaced(isSilent, onlineSince),
    ...isChosen(db, chosen, sql`sensor_presence.class_id`),
    sql`sensor_listing.sensor_id = sensor_presence.sensor_id`,
    ...also,
  ];
  const some = (isSilent: 0 | 1) =>
    sql<Misplaced>`
      select sensor_listing.sensor_id, sensor_listing.class_id, sensor_listing.cell,
        sensor_listing.hostname_key, sensor_listing.enrolled_at, sensor_presence.last_seen_at
      from sensor_presence cross join sensor_listing
      where ${sql.join(conditions(isSilent), sql` and `)}`.execute(db);
  return [...(await some(0)).rows, ...(await some(1)).rows];
}

/** Returns the sensors with a status, whether they are marked with it or not. */
export function seenSource(
  db: Database,
  chosen: Chosen,
  { cells, seen }: { cells: Iterable<number>; seen: Seen },
): Source {
  const conditions = [
    sql`sensor_presence.is_silent in (0, 1)`,
    isSeen(seen),
    ...isInCells(db, chosen, cells),
  ];
  return sql`(select sensor_presence.sensor_id as value from sensor_presence
    where ${sql.join(conditions, sql` and `)})`;
}
