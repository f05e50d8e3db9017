// The number of sensors that match a search or conditions, where no numbers are kept, in SQL.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { sql } from "kysely";
import { numberRows } from "../db/dialect.ts";
import { isNamed, sensorsNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import {
  type CellCount,
  type Condition,
  hasIndexedText,
  isNarrow,
  isSeen,
  type Range,
  type Seen,
  type TokenAndGroup,
  tokenGroups,
  uniqueRows,
} from "./listing-store.ts";

/** Counts all sensors of the ranges with this text in their names, and with the status. */
export async function countAllNamed(
  db: Database,
  filter: TokenAndGroup,
  { ranges, q, seen }: { ranges: readonly Range[]; q: string; seen?: Seen },
): Promise<number> {
  if (ranges.length === 0) return 0;
  const cells = sql.join(uniqueRows(ranges.map(({ cell }) => cell)).map(([cell]) => sql.lit(cell)));
  const named =
    sensorsNamed(db, q)?.select([
      "sensorListing.sensorId",
      "sensorListing.cell",
      "sensorListing.tokenGroupId",
    ]) ??
    sql`(select sensor_id, cell, token_group_id from sensor_listing
      where sensor_listing.cell in (${cells}) and ${hasIndexedText(q)})`;
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (${named}) as named
    where named.cell in (${cells})
      ${isNarrow(filter) ? sql`and named.token_group_id in ${tokenGroups(filter)}` : sql``}
      ${
        seen
          ? sql`and (select ${isSeen(seen)} from sensor_presence
              where sensor_presence.sensor_id = named.sensor_id)`
          : sql``
      }`.execute(db);
  return Number(rows[0]!.count);
}

/** Counts all sensors of the ranges that match the conditions. Reads all of the ranges. */
export async function countAllThat(
  db: Database,
  ranges: readonly Range[],
  { conditions, seen }: { conditions: readonly Condition[]; seen?: Seen | undefined },
): Promise<number> {
  if (ranges.length === 0) return 0;
  const hasGroups = ranges.some(({ tokenGroupId }) => tokenGroupId !== 0);
  const parts = numberRows(
    db,
    ["token_group_id", "cell"],
    ranges.map(({ tokenGroupId, cell }) => [tokenGroupId, cell]),
  );
  const all = [
    sql`sensor_listing.cell = part.cell`,
    ...(hasGroups ? [sql`sensor_listing.token_group_id = part.token_group_id`] : []),
    ...conditions,
    ...(seen
      ? [
          sql`(select ${isSeen(seen)} from sensor_presence
            where sensor_presence.sensor_id = sensor_listing.sensor_id)`,
        ]
      : []),
  ];
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${parts} as part cross join sensor_listing
    where ${sql.join(all, sql` and `)}`.execute(db);
  return Number(rows[0]!.count);
}

/** So many sensors are searched to count those that match, and so many that a search finds are counted. */
const MOST_SEARCHED = 2_000;

/**
 * Counts the sensors of a filter with this text in their names. Not exact: there are at least so many,
 * because only the first ones that the filter or the search finds are counted.
 */
export async function countNamed(
  db: Database,
  filter: TokenAndGroup,
  ranges: readonly CellCount[],
  q: string,
): Promise<{ count: number; isExact: boolean }> {
  const sensors = ranges.reduce((sum, range) => sum + range.sensors, 0);
  const named = sensors > MOST_SEARCHED ? sensorsNamed(db, q) : undefined;
  if (named) {
    const cells = sql.join(uniqueRows(ranges.map(({ cell }) => cell)).map(([cell]) => sql.lit(cell)));
    const groups = isNarrow(filter) ? sql`and token_group_id in ${tokenGroups(filter)}` : sql``;
    const some = named.select(["sensorListing.cell", "sensorListing.tokenGroupId"]).limit(COUNT_CAP + 1);
    const { rows } = await sql<{ all: number; count: number }>`
      select count(*) as all_named, count(case when cell in (${cells}) ${groups} then 1 end) as count
      from (${some}) as named`.execute(db);
    const { allNamed, count } = rows[0] as unknown as { allNamed: number; count: number };
    return { count: Math.min(Number(count), COUNT_CAP), isExact: Number(allNamed) <= COUNT_CAP };
  }
  const hasGroups = ranges.some(({ tokenGroupId }) => tokenGroupId !== 0);
  const parts = numberRows(
    db,
    ["token_group_id", "cell"],
    ranges.map(({ tokenGroupId, cell }) => [tokenGroupId, cell]),
  );
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (
      select sensor_listing.hostname_key from ${parts} as part cross join sensor_listing
      where sensor_listing.cell = part.cell
        ${hasGroups ? sql`and sensor_listing.token_group_id = part.token_group_id` : sql``}
      limit ${MOST_SEARCHED}) as chosen
    where ${isNamed(sql<string>`chosen.hostname_key`, q)}`.execute(db);
  return { count: Number(rows[0]!.count), isExact: sensors <= MOST_SEARCHED };
}
