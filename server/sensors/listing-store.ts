// The table that lists of sensors read, in SQL: the number of sensors in each cell, and the first sensors of
// cells in an order. Most of its statements run without Kysely's plugins, because their columns need no
// translation of names.
import { type RawBuilder, sql } from "kysely";
import { isOneOf } from "../db/dialect.ts";
import type { AnyQuery, Cursor, RowKey } from "../db/keyset.ts";
import { FIRST_REPORTING } from "../db/listing-cells.ts";
import { isBeginning, isNamed } from "../db/name-search.ts";
import { isAmongNumbers } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { type Chosen, idsOf, isChosen } from "./classes-store.ts";

/** Sensors of one cell: of all classes, or of one. */
export interface Range {
  /** 0: all. */
  classId: number;
  cell: number;
  /** The last sensor of the order that is read. */
  until?: RowKey;
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

export const isSeen = ({ status, since, isAmongOthers }: Omit<Seen, "since"> & { since: unknown }) => {
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
  /** The only sensors that may match. */
  among?: Source | undefined;
  /** Those of the conditions that an index of addresses has, on a row of `sensor_address`. */
  inAddresses?: readonly Condition[];
  /** One of the conditions: the sensors were last seen before this time. */
  before?: number | undefined;
  /** Present: of the ranges, only the sensors with this status. */
  seen?: Seen | undefined;
}

/** Returns the conditions of an order that its index has. */
export function indexedConditions({
  column,
  q,
  before,
}: Pick<Order, "column" | "q" | "before">): Condition[] {
  if (column === "hostname_key") return q ? [hasIndexedText(q)] : [];
  if (column !== "silent_since") return [];
  // The condition of the partial index.
  const isSilent = sql<boolean>`sensor_listing.silent_since is not null`;
  return before === undefined ? [isSilent] : [isSilent, sql`sensor_listing.silent_since < ${before}`];
}

/** Returns the conditions of an order on a row of `sensor_listing`. */
export function conditionsOf({
  q,
  also,
  seen,
  among,
}: Pick<Order, "q" | "also" | "seen" | "among">): Condition[] {
  return [
    ...(among ? [isIn(sql`sensor_listing.sensor_id`, among)] : []),
    ...(q ? [hasText(q)] : []),
    ...also,
    ...(seen
      ? [
          sql<boolean>`(select ${isSeen(seen)} from sensor_presence
            where sensor_presence.sensor_id = sensor_listing.sensor_id)`,
        ]
      : []),
  ];
}

/** Whether something other than its cell and class may exclude a sensor. */
export const hasConditions = ({ q, also, seen, among }: Pick<Order, "q" | "also" | "seen" | "among">) =>
  q !== undefined || also.length > 0 || seen !== undefined || among !== undefined;

/** Returns the condition that an id is one of many. An expression, for which no index is used. */
export const isIn = (id: RawBuilder<unknown>, ids: Source) =>
  sql<boolean>`((${id} in (select value from ${ids} as member)) is true)`;

/** Returns the conditions that read the chosen sensors in cells: by their classes, or by the cells. */
export function listedIn(db: Database, chosen: Chosen, cells: Iterable<number>) {
  const unique = new Set(cells);
  if (!chosen.classes) return [isAmongNumbers(db, sql`sensor_listing.cell`, [...unique])];
  const classes = chosen.classes.filter(({ cell }) => unique.has(cell));
  return [
    isAmongNumbers(db, sql`sensor_listing.class_id`, idsOf(classes)),
    isAmongNumbers(db, sql`sensor_listing.cell + 0`, [...unique]),
  ];
}

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
    select sensor_listing.sensor_id as id from sensor_listing
    where ${isAmongNumbers(db, sql`sensor_listing.cell`, [...new Set(cells)])} and ${hasIndexedText(q)}
    limit ${most}`.execute(db);
  return rows.map(({ id }) => id);
}

export async function listIds(query: AnyQuery): Promise<string[]> {
  const rows = (await query.execute()) as { candidateId: string }[];
  return rows.map(({ candidateId }) => candidateId);
}

export interface KeysFilter {
  chosen: Chosen;
  column: Order["column"];
  /** Absent: all sensors of the source are chosen. */
  cells: number[] | undefined;
  q: string | undefined;
  also: readonly Condition[];
  among?: Source | undefined;
  /** Absent: any. */
  seen: Seen | undefined;
}

/** What sensors are sorted by, unless it is in their row of the table. */
export interface SortedBy {
  group?: RawBuilder<string | number> | undefined;
  /** Present: the group is a rank. */
  ranks?: Ranks | undefined;
  value: RawBuilder<string>;
  /** Tables, joined to the row of the sensor in `sensor_listing`. */
  tables: RawBuilder<unknown>;
  on: RawBuilder<unknown>;
}

/** Ranks in place of groups. */
export interface Ranks {
  /** Returns the rank of a group, which may be between those of two others. */
  rankOf: (group: string) => number;
  groupOf: (rank: number) => string;
}

/** A subquery with the ids of sensors in the column `value`, each once. */
export type Source = RawBuilder<unknown>;

/** The part of the sensors that is wanted. */
interface Part {
  order: "asc" | "desc";
  after: Cursor | undefined;
  wanted: number;
}

/**
 * Returns those of the sensors that match, and their number. `source`: sensors that may match; absent: all
 * that are chosen.
 */
export async function readKeys(
  db: Database,
  source: Source | undefined,
  filter: KeysFilter,
  by: SortedBy | undefined,
  { order, after, wanted }: Part,
): Promise<{ keys: RowKey[]; total: number }> {
  const { column, chosen, cells, q, also, among: members, seen } = filter;
  const isByPresence = column === "silent_since";
  const own = isByPresence ? sql`sensor_presence.last_seen_at` : sql.ref(`sensor_listing.${column}`);
  const hasPresence = isByPresence || seen !== undefined;
  const among = source
    ? [
        isOneOf(db, sql`sensor_listing.sensor_id`, sql`select value from ${source} as candidate`),
        ...(cells
          ? [
              isAmongNumbers(db, sql`sensor_listing.cell + 0`, [...new Set(cells)]),
              ...isChosen(db, chosen, sql`sensor_listing.class_id`),
            ]
          : []),
      ]
    : listedIn(db, chosen, cells ?? []);
  const conditions = [
    ...among,
    ...(hasPresence ? [sql`sensor_presence.sensor_id = sensor_listing.sensor_id`] : []),
    ...(seen ? [isSeen(seen)] : []),
    ...conditionsOf({ q, also, among: members }),
    ...(by ? [by.on] : []),
  ];
  const columns = [...(by?.group ? [sql`found_group`] : []), sql`found_value`, sql`found_id`];
  const group = after?.g ?? "";
  const place = after && [...(by?.group ? [by.ranks?.rankOf(group) ?? group] : []), after.v, after.id];
  const direction = sql.raw(order);
  const comparison = sql.raw(order === "asc" ? ">" : "<");
  const { rows } = await sql<{
    group?: string | number;
    value: string;
    id: string;
    found: number;
  }>`
    select ${by?.group ? sql`found_group as "group",` : sql``} found_value as value, found_id as id, found from (
      select ${by?.group ? sql`${by.group} as found_group,` : sql``} ${by?.value ?? own} as found_value,
        sensor_listing.sensor_id as found_id, count(*) over () as found
      from sensor_listing
        ${hasPresence ? sql`cross join sensor_presence` : sql``} ${by?.tables ?? sql``}
      where ${sql.join(conditions, sql` and `)}) as matching
    ${place ? sql`where (${sql.join(columns)}) ${comparison} (${sql.join(place)})` : sql``}
    order by ${sql.join(columns.map((name) => sql`${name} ${direction}`))} limit ${wanted}`.execute(
    db.withoutPlugins(),
  );
  const keys = rows.map(
    ({ group, value, id }): RowKey => ({
      ...(group === undefined ? {} : { group: by?.ranks?.groupOf(Number(group)) ?? String(group) }),
      value,
      id,
    }),
  );
  if (keys.length > 0 || !after) return { keys, total: Number(rows[0]?.found ?? 0) };
  const all = await readKeys(db, source, filter, by, { order, after: undefined, wanted: 1 });
  return { keys, total: all.total };
}
