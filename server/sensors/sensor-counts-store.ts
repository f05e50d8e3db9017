// The numbers of listed sensors by what their rows count in, in SQL.
import { MAX_LISTED_COUNTS } from "@attacklens/protocol/sensor-counts.ts";
import { sql } from "kysely";
import { cellsOf } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";

const isListed = sql`sensor_count.cell in (${sql.join(cellsOf({}).map(({ number }) => sql.lit(number)))})`;
const sensors = sql`sum(sensor_count.sensors)`;

export async function countByVersion(db: Database) {
  const { rows } = await sql<{ version: string; sensors: number }>`
    select sensor_class.version, ${sensors} as sensors from sensor_class cross join sensor_count
    where sensor_count.class_id = sensor_class.id and ${isListed}
    group by sensor_class.version having ${sensors} > 0
    order by ${sensors} desc, sensor_class.version desc limit ${MAX_LISTED_COUNTS}`.execute(db);
  return rows.map(({ version, ...row }) => ({ version, sensors: Number(row.sensors) }));
}

/** The number of sensors of each pair of a token and a group. */
const pairs = sql`(
  select sensor_class.token_group_id, ${sensors} as sensors from sensor_class cross join sensor_count
  where sensor_count.class_id = sensor_class.id and ${isListed}
  group by sensor_class.token_group_id having ${sensors} > 0) as pair
  join token_group on token_group.id = pair.token_group_id`;

export async function countByToken(db: Database) {
  const { rows } = await sql<{ id: string; name: string; deletedAt: number | null; sensors: number }>`
    select enrollment_token.id, enrollment_token.name, enrollment_token.deleted_at, counted.sensors
    from (
      select token_group.enrollment_token_id as id, sum(pair.sensors) as sensors from ${pairs}
      group by token_group.enrollment_token_id
    ) as counted join enrollment_token on enrollment_token.id = counted.id
    order by counted.sensors desc, enrollment_token.id limit ${MAX_LISTED_COUNTS}`.execute(db);
  return rows.map((row) => ({ ...row, sensors: Number(row.sensors) }));
}

/** A deleted group counts as none, with the id null. */
export async function countByGroup(db: Database) {
  const { rows } = await sql<{ id: string | null; name: string | null; sensors: number }>`
    select live.id, live.name, sum(counted.sensors) as sensors
    from (
      select token_group.asset_group_id as id, sum(pair.sensors) as sensors from ${pairs}
      group by token_group.asset_group_id
    ) as counted
    left join asset_group as live on live.id = counted.id and live.deleted_at is null
    group by live.id, live.name
    order by sum(counted.sensors) desc, live.id limit ${MAX_LISTED_COUNTS}`.execute(db);
  return rows.map((row) => ({ ...row, sensors: Number(row.sensors) }));
}

/** Reads the first asset of each tag. */
export async function listTags(db: Database): Promise<string[]> {
  const { rows } = await sql<{ tag: string }>`
    with recursive used(tag) as (
      select min(asset_tag.tag) from asset_tag
      union all
      select (select min(asset_tag.tag) from asset_tag where asset_tag.tag > used.tag) from used
      where used.tag is not null)
    select tag from used where tag is not null`.execute(db);
  return rows.map(({ tag }) => tag);
}
