// The table that lists of sensors read, in SQL: the number of sensors in each cell, and the first sensors of
// cells in an order.

import { type RawBuilder, sql } from "kysely";
import { numberRows, parseRows, rowsAsJson, texts } from "../db/dialect.ts";
import type { AnyQuery, Cursor, RowKey } from "../db/keyset.ts";
import { FIRST_REPORTING } from "../db/listing-cells.ts";
import { liveGroupId } from "../db/live-group.ts";
import { isBeginning, isNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { walkInOrder } from "../db/snapshot.ts";

/** Sensors of one cell: of all tokens and groups, or of one token and group. */
export interface Range {
  /** 0: all. */
  tokenGroupId: number;
  cell: number;
}

export interface CellCount extends Range {
  sensors: number;
}

export interface TokenAndGroup {
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  /** Present: of the others, only these pairs of a token and a group. */
  tokenGroupIds?: readonly number[] | undefined;
}

/** Returns the cells that have sensors. With versions, without a token and group: those of the versions. */
export async function countCells(
  db: Database,
  filter: TokenAndGroup,
  versions?: readonly string[],
): Promise<CellCount[]> {
  const from = isNarrow(filter)
    ? sql`${tokenGroups(filter)} as chosen cross join sensor_count where sensor_count.token_group_id = chosen.id`
    : sql`sensor_count where token_group_id = 0 ${versions ? sql`and version in (${sql.join(versions)})` : sql``}`;
  const { rows } = await sql<CellCount>`
    select sensor_count.token_group_id, sensor_count.cell, sum(sensor_count.sensors) as sensors
    from ${from} group by sensor_count.token_group_id, sensor_count.cell
    having sum(sensor_count.sensors) > 0`.execute(db);
  return rows.map(({ sensors, ...range }) => ({ ...range, sensors: Number(sensors) }));
}

export const isNarrow = ({ enrollmentTokenId, assetGroupId, tokenGroupIds }: TokenAndGroup) =>
  enrollmentTokenId !== undefined || assetGroupId !== undefined || tokenGroupIds !== undefined;

/** The token groups of a token, of a group that exists, or of both. */
export function tokenGroups({ enrollmentTokenId, assetGroupId, tokenGroupIds }: TokenAndGroup) {
  const conditions = [
    ...(enrollmentTokenId === undefined ? [] : [sql`enrollment_token_id = ${enrollmentTokenId}`]),
    ...(assetGroupId === undefined ? [] : [sql`asset_group_id = ${liveGroupId(assetGroupId)}`]),
    ...(tokenGroupIds === undefined
      ? []
      : [sql`id in (${sql.join(tokenGroupIds.map((id) => sql.lit(id)))})`]),
  ];
  return sql`(select id from token_group where ${sql.join(conditions, sql` and `)})`;
}

/** A status that the clock changes. */
export interface Seen {
  status: "online" | "offline";
  /** The earliest last check-in of a sensor that is online. */
  since: number;
  /** Sensors with a status that the clock does not change are also in the list. */
  isAmongOthers?: boolean;
}

/** Returns the status of a filter that the clock changes; undefined: none, or sensors change between two. */
export function seenOf(status: string | undefined, since: number): Seen | undefined {
  const statuses = new Set(status?.split(","));
  const changing = (["online", "offline"] as const).filter((one) => statuses.has(one));
  if (changing.length !== 1) return undefined;
  return { status: changing[0]!, since, isAmongOthers: statuses.size > 1 };
}

export const isSeen = ({ status, since, isAmongOthers }: Seen) => {
  const isNow = sql<boolean>`sensor_presence.last_seen_at ${sql.raw(status === "online" ? ">=" : "<")} ${since}`;
  return isAmongOthers
    ? sql<boolean>`(sensor_presence.cell < ${sql.lit(FIRST_REPORTING)} or ${isNow})`
    : isNow;
};

/** A condition on a row of `sensor_listing`. */
export type Condition = RawBuilder<boolean>;

export interface Order {
  column: "hostname_key" | "enrolled_at" | "silent_since";
  order: "asc" | "desc";
  after: Cursor | undefined;
  /** Part of the hostname. */
  q: string | undefined;
  /** What else the rows of the table match. */
  also: readonly Condition[];
  /** Present: of the ranges, only the sensors with this status. */
  seen?: Seen | undefined;
}

/** Returns the first sensors of each range. */
export async function readRanges(
  db: Database,
  ranges: readonly Range[],
  most: number,
  { column, order, after, q, also, seen }: Order,
): Promise<RowKey[][]> {
  const hasGroups = ranges.some(({ tokenGroupId }) => tokenGroupId !== 0);
  const value = sql.ref(`sensor_listing.${column}`);
  const conditions = [
    ...(hasGroups ? [sql`sensor_listing.token_group_id = part.token_group_id`] : []),
    sql`sensor_listing.cell = part.cell`,
    // The condition of the partial index.
    ...(column === "silent_since" ? [sql`sensor_listing.silent_since is not null`] : []),
    ...(after ? [isAfter(value, sql`sensor_listing.sensor_id`, order, after)] : []),
    ...(q ? [column === "hostname_key" ? hasIndexedText(q) : hasText(q)] : []),
    ...also,
    ...(seen
      ? [
          sql`(select ${isSeen(seen)} from sensor_presence
            where sensor_presence.sensor_id = sensor_listing.sensor_id)`,
        ]
      : []),
  ];
  const direction = sql.raw(order);
  const first = sql`select ${value} as value, sensor_listing.sensor_id as id from sensor_listing
    where ${sql.join(conditions, sql` and `)}
    order by ${value} ${direction}, sensor_listing.sensor_id ${direction} limit ${most}`;
  const parts = numberRows(
    db,
    ["place", "token_group_id", "cell"],
    ranges.map(({ tokenGroupId, cell }, place) => [place, tokenGroupId, cell]),
  );
  // PostgreSQL expects that few have the text or the status, and would sort them.
  if (q || seen || also.length > 0) await walkInOrder(db);
  const { rows } = await sql<{ place: number; found: unknown }>`
    select part.place, ${rowsAsJson(db, ["value", "id"], first)} as found from ${parts} as part`.execute(db);
  const found = ranges.map((): RowKey[] => []);
  for (const row of rows) found[Number(row.place)] = parseRows(row.found).map(toKey);
  return found;
}

const toKey = ([value, id]: unknown[]): RowKey => ({ value: value as string | number, id: id as string });

/** An expression, for which no index is used. */
export const hasText = (q: string) => isNamed(sql<string>`(sensor_listing.hostname_key || '')`, q);

/** The same, with the index of the names in their order where it finds the text. */
export const hasIndexedText = (q: string) =>
  isBeginning(q) ? isNamed(sql<string>`sensor_listing.hostname_key`, q) : hasText(q);

export function isAfter(value: unknown, id: unknown, order: "asc" | "desc", after: Cursor) {
  return sql<boolean>`(${value}, ${id}) ${sql.raw(order === "asc" ? ">" : "<")} (${after.v}, ${after.id})`;
}

/**
 * Returns the ids of up to `most` sensors with a text in their names. Reads all sensors of the cells, or
 * those whose names begin with a short text.
 */
export async function listLike(db: Database, q: string, cells: number[], most: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select sensor_listing.sensor_id as id
    from ${numberRows(db, ["cell"], uniqueRows(cells))} as part cross join sensor_listing
    where sensor_listing.cell = part.cell and ${hasIndexedText(q)}
    limit ${most}`.execute(db);
  return rows.map(({ id }) => id);
}

export const uniqueRows = (cells: number[]) => [...new Set(cells)].map((cell) => [cell]);

export async function listIds(query: AnyQuery): Promise<string[]> {
  const rows = (await query.execute()) as { candidateId: string }[];
  return rows.map(({ candidateId }) => candidateId);
}

export interface KeysFilter extends TokenAndGroup {
  column: Order["column"];
  cells: number[];
  q: string | undefined;
  also: readonly Condition[];
  /** Absent: any. */
  seen: Seen | undefined;
}

/** What sensors are sorted by, unless it is in their row of the table. */
export interface SortedBy {
  group?: RawBuilder<string> | undefined;
  value: RawBuilder<string>;
  /** Tables, joined to the row of the sensor in `sensor_listing`. */
  tables: RawBuilder<unknown>;
  on: RawBuilder<unknown>;
}

/** Returns those of the sensors that match, unsorted. */
export async function readKeys(
  db: Database,
  ids: string[],
  filter: KeysFilter,
  by?: SortedBy,
): Promise<RowKey[]> {
  const { column, cells, q, also, seen, ...group } = filter;
  const isByPresence = column === "silent_since";
  const own = isByPresence ? sql`sensor_presence.last_seen_at` : sql.ref(`sensor_listing.${column}`);
  const hasPresence = isByPresence || seen !== undefined;
  const conditions = [
    sql`sensor_listing.sensor_id = candidate.value`,
    sql`sensor_listing.cell + 0 in (${sql.join(uniqueRows(cells).map(([cell]) => sql.lit(cell)))})`,
    ...(hasPresence ? [sql`sensor_presence.sensor_id = candidate.value`] : []),
    ...(seen ? [isSeen(seen)] : []),
    ...(isNarrow(group) ? [sql`sensor_listing.token_group_id + 0 in ${tokenGroups(group)}`] : []),
    ...(q ? [hasText(q)] : []),
    ...also,
    ...(by ? [by.on] : []),
  ];
  const { rows } = await sql<RowKey>`
    select ${by?.group ? sql`${by.group} as "group",` : sql``} ${by?.value ?? own} as value,
      sensor_listing.sensor_id as id
    from ${texts(db, ids)} as candidate cross join sensor_listing
      ${hasPresence ? sql`cross join sensor_presence` : sql``} ${by?.tables ?? sql``}
    where ${sql.join(conditions, sql` and `)}`.execute(db);
  return rows;
}
