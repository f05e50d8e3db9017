// Sensors by their last check-in, in SQL. The index of check-ins also has each sensor's cell, token and
// group, so a list reads no other table for the sensors that it passes over.
import { sql } from "kysely";
import { isAmongNumbers, numberRows } from "../db/dialect.ts";
import { ALL_ROWS, type RowKey } from "../db/keyset.ts";
import { seenCell } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { walkInOrder } from "../db/snapshot.ts";
import {
  type Condition,
  hasText,
  isAfter,
  isNarrow,
  isSeen,
  type Order,
  type Range,
  type Seen,
  type TokenAndGroup,
  tokenGroups,
} from "./listing-store.ts";

/** Above every cell. */
const CELLS = 64;

function isInRanges(db: Database, ranges: readonly Range[]) {
  const hasGroups = ranges.some(({ tokenGroupId }) => tokenGroupId !== 0);
  const place = hasGroups
    ? sql`(sensor_presence.token_group_id * ${sql.lit(CELLS)} + sensor_presence.cell)`
    : sql`sensor_presence.cell`;
  const places = ranges.map(({ tokenGroupId, cell }) => tokenGroupId * CELLS + seenCell(cell));
  return isAmongNumbers(db, place, [...new Set(places)]);
}

interface SeenOrder extends Omit<Order, "column"> {
  /** Whether the sensors that are marked as silent are read, or the others. */
  isSilent: 0 | 1;
}

/** Returns the first sensors of the ranges. Reads sensors in the order of check-ins until it has enough. */
export async function walkSeen(
  db: Database,
  ranges: readonly Range[],
  most: number,
  { order, after, q, also, seen, isSilent }: SeenOrder,
): Promise<RowKey[]> {
  const isListed = q !== undefined || also.length > 0;
  const conditions = [
    sql`sensor_presence.is_silent = ${sql.lit(isSilent)}`,
    isInRanges(db, ranges),
    ...(seen ? [isSeen(seen)] : []),
    ...(after
      ? [isAfter(sql`sensor_presence.last_seen_at`, sql`sensor_presence.sensor_id`, order, after)]
      : []),
    ...(isListed ? [sql`sensor_listing.sensor_id = sensor_presence.sensor_id`] : []),
    ...(q ? [hasText(q)] : []),
    ...also,
  ];
  await walkInOrder(db);
  const direction = sql.raw(order);
  const { rows } = await sql<RowKey>`
    select sensor_presence.last_seen_at as value, sensor_presence.sensor_id as id
    from sensor_presence ${isListed ? sql`cross join sensor_listing` : sql``}
    where ${sql.join(conditions, sql` and `)}
    order by sensor_presence.last_seen_at ${direction}, sensor_presence.sensor_id ${direction}
    limit ${most}`.execute(db);
  return rows;
}

/** The same, for few sensors: reads all of the ranges and sorts them. */
export async function sortSeen(
  db: Database,
  ranges: readonly Range[],
  most: number,
  { order, after, q, also }: Omit<Order, "column">,
): Promise<RowKey[]> {
  const hasGroups = ranges.some(({ tokenGroupId }) => tokenGroupId !== 0);
  const parts = numberRows(
    db,
    ["token_group_id", "cell"],
    ranges.map(({ tokenGroupId, cell }) => [tokenGroupId, cell]),
  );
  const conditions = [
    sql`sensor_listing.cell = part.cell`,
    ...(hasGroups ? [sql`sensor_listing.token_group_id = part.token_group_id`] : []),
    ...(q ? [hasText(q)] : []),
    ...also,
  ];
  // An expression has no index, and the limit makes the subquery a separate step of the plan.
  const value = sql`(sensor_presence.last_seen_at + 0)`;
  const place = after ? sql`and ${isAfter(value, sql`sensor_presence.sensor_id`, order, after)}` : sql``;
  const direction = sql.raw(order);
  const { rows } = await sql<RowKey>`
    select ${value} as value, sensor_presence.sensor_id as id
    from (
      select sensor_listing.sensor_id from ${parts} as part cross join sensor_listing
      where ${sql.join(conditions, sql` and `)} limit ${sql.lit(ALL_ROWS)}) as chosen
    cross join sensor_presence
    where sensor_presence.sensor_id = chosen.sensor_id ${place}
    order by ${value} ${direction}, sensor_presence.sensor_id ${direction}
    limit ${most}`.execute(db);
  return rows;
}

const isMisplaced = (isSilent: 0 | 1, onlineSince: number, filter: TokenAndGroup) => {
  const conditions = [
    sql`sensor_presence.is_silent = ${sql.lit(isSilent)}`,
    isSeen({ status: isSilent === 1 ? "online" : "offline", since: onlineSince }),
    sql`sensor_presence.cell is not null`,
    ...(isNarrow(filter) ? [sql`sensor_presence.token_group_id in ${tokenGroups(filter)}`] : []),
  ];
  return sql.join(conditions, sql` and `);
};

/** Counts the sensors whose silence changed since the job last looked, by the cell that they still have. */
export async function countMisplaced(
  db: Database,
  filter: TokenAndGroup,
  onlineSince: number,
): Promise<{ cell: number; sensors: number }[]> {
  const some = (isSilent: 0 | 1) => sql`
    select sensor_presence.cell + ${sql.lit(isSilent)} as cell, count(*) as sensors from sensor_presence
    where ${isMisplaced(isSilent, onlineSince, filter)} group by sensor_presence.cell`;
  const { rows } = await sql<{ cell: number; sensors: number }>`${some(0)} union all ${some(1)}`.execute(db);
  return rows.map(({ cell, sensors }) => ({ cell, sensors: Number(sensors) }));
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
      and ${isAmongNumbers(db, sql`sensor_presence.cell`, [...new Set(cells.map(seenCell))])}`.execute(db);
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
  filter: TokenAndGroup,
  onlineSince: number,
  also: readonly Condition[],
): Promise<Misplaced[]> {
  const some = (isSilent: 0 | 1) =>
    sql<Misplaced>`
      select sensor_listing.sensor_id, sensor_listing.token_group_id, sensor_listing.cell,
        sensor_listing.hostname_key, sensor_listing.enrolled_at, sensor_presence.last_seen_at
      from sensor_presence cross join sensor_listing
      where ${isMisplaced(isSilent, onlineSince, filter)}
        and sensor_listing.sensor_id = sensor_presence.sensor_id
        ${also.length > 0 ? sql`and ${sql.join(also, sql` and `)}` : sql``}`.execute(db);
  return [...(await some(0)).rows, ...(await some(1)).rows];
}

/** Returns the ids of up to `most` sensors with a status, whether they are marked with it or not. */
export async function listSeen(
  db: Database,
  filter: TokenAndGroup,
  { cells, seen, most }: { cells: Iterable<number>; seen: Seen; most: number },
): Promise<string[]> {
  const conditions = [
    sql`sensor_presence.is_silent in (0, 1)`,
    isSeen(seen),
    isAmongNumbers(db, sql`sensor_presence.cell`, [...new Set([...cells].map(seenCell))]),
    ...(isNarrow(filter) ? [sql`sensor_presence.token_group_id in ${tokenGroups(filter)}`] : []),
  ];
  const { rows } = await sql<{ id: string }>`
    select sensor_presence.sensor_id as id from sensor_presence
    where ${sql.join(conditions, sql` and `)} limit ${most}`.execute(db);
  return rows.map(({ id }) => id);
}
