// Columns of the list of sensors with few values, in SQL. Sorted by such a column, a list has the sensors of
// each value one after another, by hostname. So it needs no separate index: each value is a filter.
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { isAmongNumbers } from "../db/dialect.ts";
import { type CellFilter, cellsOf, flipped, hasUnlisted } from "../db/listing-cells.ts";
import { compareText } from "../db/merge-ranges.ts";
import type { Database } from "../db/schema.ts";
import { byColumn, type Narrowing, versionsOf } from "./filters-store.ts";
import { isNarrow, type SortedBy, type TokenAndGroup, tokenGroups } from "./listing-store.ts";

export const LABEL_SORTS = [
  ...(["status", "os", "architecture", "version", "assetGroup", "enrollmentToken", "tags"] as const),
] as const;
export type LabelSort = (typeof LABEL_SORTS)[number];

/** The sensors with one value of the column. */
export interface Label {
  /** The place of the value in the order. */
  key: string;
  /** Added to the filter of the list. */
  filter: { status?: string; platform?: string; tokenGroupIds?: number[] };
  narrowings: Narrowing[];
}

interface LabelFilter extends CellFilter, TokenAndGroup {
  version?: string | undefined;
}

interface Start {
  order: "asc" | "desc";
  /** The key to start at. Absent: the first. */
  from: string | undefined;
}

/** Yields the values in order. Some have no sensors that match. */
export async function* labelsFrom(
  db: Database,
  sort: LabelSort,
  filter: LabelFilter,
  start: Start,
): AsyncGenerator<Label> {
  switch (sort) {
    case "status":
      return yield* inOrder(statusLabels(filter), start);
    case "version":
      return yield* inOrder(await versionLabels(db, filter), start);
    case "enrollmentToken":
    case "assetGroup":
      return yield* inOrder(await nameLabels(db, sort, filter), start);
    case "os":
    case "architecture":
    case "tags":
      return yield* columnLabels(db, sort, filter, start);
  }
}

function inOrder(labels: readonly Label[], { order, from }: Start): Label[] {
  const sign = order === "asc" ? 1 : -1;
  return labels
    .filter(({ key }) => from === undefined || sign * compareText(key, from) >= 0)
    .toSorted((one, other) => sign * compareText(one.key, other.key));
}

const statusKey = (status: string) => String(SENSOR_STATUSES.indexOf(status as never));

function statusLabels(filter: CellFilter): Label[] {
  const statuses = new Set(cellsOf(filter).map(({ status }) => status));
  return [...statuses].map((status) => ({ key: statusKey(status), filter: { status }, narrowings: [] }));
}

/** Sorts like the numbers of a version: 2026.9.0 comes before 2026.10.0. */
const versionKey = (version: string) =>
  version.slice(0, 100).replace(/\d+/g, (digits) => digits.padStart(10, "0"));

/** With silence as it may be now. */
function cellNumbers(filter: CellFilter): number[] {
  return [...new Set(cellsOf(filter).flatMap(({ number }) => [number, flipped(number)]))];
}

async function versionLabels(db: Database, filter: LabelFilter): Promise<Label[]> {
  const { rows } = await sql<{ version: string }>`
    select version from sensor_count
    where token_group_id = 0 and ${isAmongNumbers(db, sql`cell`, cellNumbers(filter))}
    group by version having sum(sensors) > 0`.execute(db);
  const wanted = versionsOf(filter);
  const versions = rows.map(({ version }) => version).filter((one) => wanted?.includes(one) ?? true);
  return [...Map.groupBy(versions, versionKey)].map(([key, some]) => ({
    key,
    filter: {},
    narrowings: [byColumn(db, "version", some, hasUnlisted(filter))],
  }));
}

/** By the names of tokens or asset groups. Sensors without a group, or with a deleted one, come first. */
async function nameLabels(
  db: Database,
  sort: "enrollmentToken" | "assetGroup",
  filter: LabelFilter,
): Promise<Label[]> {
  const named =
    sort === "enrollmentToken"
      ? sql`join enrollment_token as named on named.id = token_group.enrollment_token_id`
      : sql`left join asset_group as named
          on named.id = token_group.asset_group_id and named.deleted_at is null`;
  const { rows } = await sql<{ id: number; name: string | null }>`
    select counted.id, named.name_key as name from (
      select token_group_id as id from sensor_count
      where token_group_id ${isNarrow(filter) ? sql`in ${tokenGroups(filter)}` : sql`> 0`}
        and ${isAmongNumbers(db, sql`cell`, cellNumbers(filter))}
      group by token_group_id having sum(sensors) > 0) as counted
    join token_group on token_group.id = counted.id ${named}`.execute(db);
  return [...Map.groupBy(rows, ({ name }) => name ?? "")].map(([key, some]) => ({
    key,
    filter: { tokenGroupIds: some.map(({ id }) => Number(id)) },
    narrowings: [],
  }));
}

/** Values that one statement finds. */
const VALUES = 20;

/** Reads the values from an index: the first one, then the first one after it. */
async function* columnLabels(
  db: Database,
  sort: "os" | "architecture" | "tags",
  filter: LabelFilter,
  { order, from }: Start,
): AsyncGenerator<Label> {
  const [isAfter, direction] = [sql.raw(order === "asc" ? ">" : "<"), sql.raw(order)];
  const value = VALUE[sort];
  const withUnlisted = hasUnlisted(filter);
  const next = (among: unknown, condition: unknown) =>
    sql`(select ${value} from ${among} and ${condition} order by ${value} ${direction} limit 1)`;
  let after = from === undefined ? sql`${value} is not null` : sql`${value} ${isAfter}= ${from}`;
  for (;;) {
    const found = new Map<string, string[]>();
    let isMore = false;
    for (const { among, platform } of sort === "tags" ? TAGGED : listsOf(filter, withUnlisted)) {
      const { rows } = await sql<{ value: string }>`
        with recursive label(value, place) as (
          select ${next(among, after)}, 1
          union all
          select ${next(among, sql`${value} ${isAfter} label.value`)}, place + 1 from label
          where label.value is not null and place < ${sql.lit(VALUES)})
        select value from label where value is not null`.execute(db);
      for (const row of rows) found.set(row.value, [...(found.get(row.value) ?? []), ...platform]);
      isMore ||= rows.length === VALUES;
    }
    const values = [...found.keys()].toSorted(compareText);
    if (order === "desc") values.reverse();
    // Of two lists, the values after these may come before the last ones of the other.
    const some = isMore ? values.slice(0, VALUES) : values;
    for (const key of some) {
      const platforms = [...new Set(found.get(key))];
      yield {
        key,
        filter: platforms.length === 0 ? {} : { platform: platforms.join() },
        narrowings: [byColumn(db, sort, [key], withUnlisted)],
      };
    }
    if (!isMore) return;
    after = sql`${value} ${isAfter} ${some.at(-1)}`;
  }
}

const TAGGED = [{ among: sql`asset where true`, platform: [] as string[] }];

/** A value is often of one platform. So sensors of the others need not be passed over to find none. */
function listsOf(filter: CellFilter, withUnlisted: boolean) {
  const platforms = [...new Set(cellsOf(filter).map(({ platform }) => platform))];
  return (withUnlisted ? [0, 1] : [1]).flatMap((isListed) =>
    platforms.map((platform) => ({
      among: sql`sensor where listed = ${sql.lit(isListed)} and platform = ${platform}`,
      platform: [platform as string],
    })),
  );
}

/** The values of a sensor or of its asset, as their indexes have them. */
const VALUE = {
  os: sql<string>`lower(os_name || ' ' || os_version)`,
  architecture: sql<string>`architecture`,
  tags: sql<string>`tags`,
};

const HOSTNAME = sql<string>`sensor_listing.hostname_key`;
const NONE = { tables: sql``, on: sql`true` };
const OF_SENSOR = { tables: sql`cross join sensor`, on: sql`sensor.id = sensor_listing.sensor_id` };
const OF_PAIR = {
  tables: sql`cross join token_group`,
  on: sql`token_group.id = sensor_listing.token_group_id + 0`,
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
      return { group: sql`sensor_listing.version`, value: HOSTNAME, ...NONE };
    case "os":
      return { group: VALUE.os, value: HOSTNAME, ...OF_SENSOR };
    case "architecture":
      return { group: sql`sensor.architecture`, value: HOSTNAME, ...OF_SENSOR };
    case "tags":
      return {
        ...{ group: sql`asset.tags`, value: HOSTNAME, tables: sql`cross join sensor cross join asset` },
        on: sql`sensor.id = sensor_listing.sensor_id and asset.id = sensor.asset_id`,
      };
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
