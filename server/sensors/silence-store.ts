// Which sensors are silent, in SQL. A check-in ends the silence in its own statement, with a trigger.
import { sql } from "kysely";
import { dialectOf, skipLockedRows } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";

/**
 * Marks up to `most` sensors that were not seen since as silent, or those that were seen since as not silent.
 * Returns their number.
 */
export async function markSilence(
  db: Database,
  isSilent: 0 | 1,
  onlineSince: number,
  most: number,
): Promise<number> {
  const comparison = isSilent === 1 ? "<" : ">=";
  const { numUpdatedRows } = await db
    .updateTable("sensorPresence")
    .set({ isSilent })
    .where("sensorId", "in", (eb) =>
      // A sensor that another transaction changes can wait. Check-ins are locked in another order.
      skipLockedRows(
        db,
        eb
          .selectFrom("sensorPresence")
          .select("sensorId")
          .where("isSilent", "=", 1 - isSilent)
          .where("lastSeenAt", comparison, onlineSince)
          .orderBy("lastSeenAt")
          .limit(most),
      ),
    )
    // Another transaction may have seen it meanwhile.
    .where("isSilent", "=", 1 - isSilent)
    .where("lastSeenAt", comparison, onlineSince)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Rows for each number, above which they are added up. */
const MOST_ROWS = 4;

/**
 * On PostgreSQL, replaces the changes of each number by their sum, unless another server does. SQLite has one
 * row for each.
 */
export async function addUpCounts(db: Database): Promise<void> {
  if (dialectOf(db) === "sqlite") return;
  await sql`
    with crowded as (
      select class_id, cell from sensor_count
      where (select pg_try_advisory_xact_lock(hashtext('attacklens numbers of sensors')))
      group by class_id, cell having count(*) > ${MOST_ROWS} or sum(sensors) = 0
    ), changes as (
      delete from sensor_count using crowded
      where sensor_count.class_id = crowded.class_id and sensor_count.cell = crowded.cell
      returning sensor_count.*
    )
    insert into sensor_count (class_id, cell, sensors)
    select class_id, cell, sum(sensors) from changes
    group by class_id, cell having sum(sensors) <> 0`.execute(db);
}
