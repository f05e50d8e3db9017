// Filters of the list of sensors by what a class has: token, asset group, version, operating system,
// architecture and tags. The number of sensors in each class is kept, so the number of sensors that match
// any of these filters together is a sum, and the sensors of each class have an index in each order.
import { parseList } from "@attacklens/protocol/text-list.ts";
import { type RawBuilder, sql } from "kysely";
import { dialectOf } from "../db/dialect.ts";
import { liveGroupId } from "../db/live-group.ts";
import type { Database } from "../db/schema.ts";

/** A column of classes that a list can be sorted by. */
export type ClassColumn = "version" | "os" | "architecture" | "tags" | "token_group_id";

export interface ClassFilter {
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  /** Several values have commas. */
  version?: string | undefined;
  /** Sensors with at least one of them. Several values have commas. */
  tag?: string | undefined;
  /** Present: of the others, only the sensors with one of the values. */
  among?: { column: ClassColumn; values: readonly (string | number)[] } | undefined;
}

/** Whether only some classes match. */
export const isNarrow = ({ enrollmentTokenId, assetGroupId, version, tag, among }: ClassFilter) =>
  [enrollmentTokenId, assetGroupId, version, tag, among].some((one) => one !== undefined && one !== "");

/** Returns the condition on a row of `sensor_class`. */
export function matchesClass(db: Database, filter: ClassFilter): RawBuilder<boolean> {
  const { enrollmentTokenId, assetGroupId, version, tag, among } = filter;
  const pairs = [
    ...(enrollmentTokenId === undefined ? [] : [sql`enrollment_token_id = ${enrollmentTokenId}`]),
    ...(assetGroupId === undefined ? [] : [sql`asset_group_id = ${liveGroupId(assetGroupId)}`]),
  ];
  const conditions = [
    ...(pairs.length === 0
      ? []
      : [
          sql`sensor_class.token_group_id in (select id from token_group where ${sql.join(pairs, sql` and `)})`,
        ]),
    ...(version ? [sql`sensor_class.version in (${sql.join(parseList(version)!)})`] : []),
    ...(tag ? [hasTag(db, parseList(tag)!)] : []),
    ...(among ? [sql`${sql.ref(`sensor_class.${among.column}`)} in (${sql.join(among.values)})`] : []),
  ];
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`;
}

function hasTag(db: Database, tags: readonly string[]) {
  const all =
    dialectOf(db) === "sqlite"
      ? sql`json_each(sensor_class.tags) as tag`
      : sql`json_array_elements_text(sensor_class.tags::json) as tag (value)`;
  return sql`(sensor_class.tags <> '[]'
    and exists (select 1 from ${all} where tag.value in (${sql.join(tags)})))`;
}

/** Returns the condition that a class, by its id, matches the filter. */
export function isOfClass(db: Database, filter: ClassFilter, classId: RawBuilder<unknown>) {
  return sql<boolean>`(select 1 from sensor_class
    where sensor_class.id = ${classId} and ${matchesClass(db, filter)}) is not null`;
}

export interface ClassCount {
  cell: number;
  sensors: number;
  /** The classes that they are in; 0: all classes. */
  classes: number;
}

/** Returns the number of sensors in each cell that has some. */
export async function countCells(db: Database, filter: ClassFilter): Promise<ClassCount[]> {
  if (!isNarrow(filter)) {
    const { rows } = await sql<ClassCount>`
      select cell, sum(sensors) as sensors, 0 as classes from sensor_count
      where class_id = 0 group by cell having sum(sensors) > 0`.execute(db);
    return rows.map(toNumbers);
  }
  const { rows } = await sql<ClassCount>`
    select sensor_count.cell, sum(sensor_count.sensors) as sensors,
      count(distinct sensor_count.class_id) as classes
    from sensor_class cross join sensor_count
    where ${matchesClass(db, filter)} and sensor_count.class_id = sensor_class.id
    group by sensor_count.cell having sum(sensor_count.sensors) > 0`.execute(db);
  return rows.map(toNumbers);
}

const toNumbers = ({ cell, sensors, classes }: ClassCount): ClassCount => ({
  cell: Number(cell),
  sensors: Number(sensors),
  classes: Number(classes),
});
