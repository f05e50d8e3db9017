// Columns of the list of sensors with few values, in SQL. Sorted by such a column, a list has the sensors of
// each value one after another, by hostname. So it needs no separate index: each value is a filter, and the
// classes have the number of sensors with each value.
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { isAmongNumbers } from "../db/dialect.ts";
import { type CellFilter, cellsOf, withAnySilence } from "../db/listing-cells.ts";
import { compareText } from "../db/merge-ranges.ts";
import type { Database } from "../db/schema.ts";
import { type ClassColumn, type ClassFilter, countCells, matchesClass } from "./class-filter-store.ts";
import type { SortedBy } from "./listing-store.ts";

export const LABEL_SORTS = [
  ...(["status", "os", "architecture", "version", "assetGroup", "enrollmentToken", "tags"] as const),
] as const;
export type LabelSort = (typeof LABEL_SORTS)[number];

/** The sensors with one value of the column. */
export interface Label {
  /** The place of the value in the order. */
  key: string;
  /** Added to the filter of the list. */
  filter: { status?: string; among?: NonNullable<ClassFilter["among"]> };
  /** The number of sensors of the filter with this value, as if each status online were also offline. */
  sensors: number;
}

interface Start {
  order: "asc" | "desc";
  /** The key to start at. Absent: the first. */
  from: string | undefined;
}

/** Yields the values that sensors of the filter have, in order. */
export async function* labelsFrom(
  db: Database,
  sort: LabelSort,
  filter: CellFilter & ClassFilter,
  start: Start,
): AsyncGenerator<Label> {
  switch (sort) {
    case "status":
      return yield* inOrder(await statusLabels(db, filter), start);
    case "version":
      return yield* inOrder(labelsOf("version", await countValues(db, "version", filter), versionKey), start);
    case "enrollmentToken":
    case "assetGroup":
      return yield* inOrder(await nameLabels(db, sort, filter), start);
    case "os":
    case "architecture":
    case "tags":
      return yield* valueLabels(db, sort, filter, start);
  }
}

/** Returns the filter of several labels of a column. */
export function mergeLabels(labels: readonly Label[]): Label["filter"] {
  const statuses = labels.flatMap(({ filter: { status } }) => status ?? []);
  const values = labels.flatMap(({ filter: { among } }) => among?.values ?? []);
  const column = labels[0]?.filter.among?.column;
  return {
    ...(statuses.length > 0 ? { status: statuses.join() } : {}),
    ...(column ? { among: { column, values } } : {}),
  };
}

function inOrder(labels: readonly Label[], { order, from }: Start): Label[] {
  const sign = order === "asc" ? 1 : -1;
  return labels
    .filter(({ key }) => from === undefined || sign * compareText(key, from) >= 0)
    .toSorted((one, other) => sign * compareText(one.key, other.key));
}

const statusKey = (status: string) => String(SENSOR_STATUSES.indexOf(status as never));

async function statusLabels(db: Database, filter: CellFilter & ClassFilter): Promise<Label[]> {
  const counted = await countCells(db, filter);
  const statuses = [...new Set(cellsOf(filter).map(({ status }) => status))];
  return statuses.flatMap((status) => {
    const cells = new Set(withAnySilence(cellsOf({ ...filter, status })));
    const sensors = counted.reduce((sum, count) => sum + (cells.has(count.cell) ? count.sensors : 0), 0);
    return sensors === 0 ? [] : [{ key: statusKey(status), filter: { status }, sensors }];
  });
}

/** Sorts like the numbers of a version: 2026.9.0 comes before 2026.10.0. */
const versionKey = (version: string) =>
  version.slice(0, 100).replace(/\d+/g, (digits) => digits.padStart(10, "0"));

interface ColumnValue {
  value: string | number;
  sensors: number;
}

/** Values with the same key are one label. */
function labelsOf(
  column: ClassColumn,
  values: readonly ColumnValue[],
  keyOf: (value: string) => string,
): Label[] {
  return [...Map.groupBy(values, ({ value }) => keyOf(String(value)))].map(([key, some]) => ({
    key,
    filter: { among: { column, values: some.map(({ value }) => value) } },
    sensors: some.reduce((sum, { sensors }) => sum + sensors, 0),
  }));
}

interface Slice extends Start {
  /** The value that the slice starts after. Absent: it starts with `from`. */
  after?: string | undefined;
  most: number;
}

/** Returns the values of a column that sensors of the filter have: of a slice in order, otherwise all. */
async function countValues(
  db: Database,
  column: ClassColumn,
  filter: CellFilter & ClassFilter,
  slice?: Slice,
): Promise<ColumnValue[]> {
  const value = sql.ref(`sensor_class.${column}`);
  const isLater = sql.raw(slice?.order === "desc" ? "<" : ">");
  const conditions = [
    matchesClass(db, filter),
    ...(slice?.from === undefined ? [] : [sql`${value} ${isLater}= ${slice.from}`]),
    ...(slice?.after === undefined ? [] : [sql`${value} ${isLater} ${slice.after}`]),
    sql`sensor_count.class_id = sensor_class.id`,
    isAmongNumbers(db, sql`sensor_count.cell + 0`, withAnySilence(cellsOf(filter))),
  ];
  const end = slice ? sql`order by ${value} ${sql.raw(slice.order)} limit ${slice.most}` : sql``;
  const { rows } = await sql<ColumnValue>`
    select ${value} as value, sum(sensor_count.sensors) as sensors
    from sensor_class cross join sensor_count
    where ${sql.join(conditions, sql` and `)}
    group by ${value} having sum(sensor_count.sensors) > 0 ${end}`.execute(db);
  return rows.map((row) => ({ value: row.value, sensors: Number(row.sensors) }));
}

/** Values that one statement finds. There may be many sets of tags. */
const VALUES = 100;

async function* valueLabels(
  db: Database,
  column: "os" | "architecture" | "tags",
  filter: CellFilter & ClassFilter,
  start: Start,
): AsyncGenerator<Label> {
  for (let after: string | undefined; ; ) {
    const values = await countValues(db, column, filter, { ...start, after, most: VALUES });
    yield* labelsOf(column, values, (value) => value);
    if (values.length < VALUES) return;
    after = String(values.at(-1)!.value);
  }
}

/** By the names of tokens or asset groups. Sensors without a group, or with a deleted one, come first. */
async function nameLabels(
  db: Database,
  sort: "enrollmentToken" | "assetGroup",
  filter: CellFilter & ClassFilter,
): Promise<Label[]> {
  const pairs = await countValues(db, "token_group_id", filter);
  const named =
    sort === "enrollmentToken"
      ? sql`join enrollment_token as named on named.id = token_group.enrollment_token_id`
      : sql`left join asset_group as named
          on named.id = token_group.asset_group_id and named.deleted_at is null`;
  const ids = pairs.map(({ value }) => Number(value));
  const { rows } = await sql<{ id: number; name: string | null }>`
    select token_group.id, named.name_key as name from token_group ${named}
    where ${isAmongNumbers(db, sql`token_group.id`, ids)}`.execute(db);
  const names = new Map(rows.map(({ id, name }) => [String(id), name ?? ""]));
  return labelsOf("token_group_id", pairs, (id) => names.get(id)!);
}

const HOSTNAME = sql<string>`sensor_listing.hostname_key`;
const NONE = { tables: sql``, on: sql`true` };
// Another name than that of the class by which the sensors may have been found.
const OF_CLASS = {
  tables: sql`cross join sensor_class as labeled`,
  on: sql`labeled.id = sensor_listing.class_id`,
};
const OF_PAIR = {
  tables: sql`${OF_CLASS.tables} cross join token_group`,
  on: sql`${OF_CLASS.on} and token_group.id = labeled.token_group_id`,
};

/** Returns where the value of a sensor is. `keyOfLabel` makes its key of it. */
export function labelOf(sort: LabelSort, onlineSince: number): SortedBy {
  switch (sort) {
    case "status":
      return {
        group: sql`case when sensor_listing.standing <> 'reporting' then sensor_listing.standing
          when (select last_seen_at from sensor_presence where sensor_id = sensor_listing.sensor_id)
            >= ${onlineSince} then 'online' else 'offline' end`,
        value: HOSTNAME,
        ...NONE,
      };
    case "version":
    case "os":
    case "architecture":
    case "tags":
      return { group: sql.ref(`labeled.${sort}`), value: HOSTNAME, ...OF_CLASS };
    case "enrollmentToken":
      return {
        ...{ group: sql`enrollment_token.name_key`, value: HOSTNAME },
        tables: sql`${OF_PAIR.tables} cross join enrollment_token`,
        on: sql`${OF_PAIR.on} and enrollment_token.id = token_group.enrollment_token_id`,
      };
    case "assetGroup":
      return {
        group: sql`coalesce((select name_key from asset_group
          where asset_group.id = token_group.asset_group_id and asset_group.deleted_at is null), '')`,
        value: HOSTNAME,
        ...OF_PAIR,
      };
  }
}

export function keyOfLabel(sort: LabelSort, label: string): string {
  if (sort === "status") return statusKey(label);
  return sort === "version" ? versionKey(label) : label;
}
