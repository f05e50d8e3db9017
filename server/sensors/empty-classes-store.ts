// Classes that have no more sensors, in SQL.
import { sql } from "kysely";
import { isAmongNumbers } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";

/** Longer than a transaction that has found a class may take. */
const RETIRED_FOR_MS = 600_000;

/**
 * Retires the classes that have no sensors, and deletes those that were retired before. A transaction may
 * still add a sensor to a class that another one retires. Then the class stays until it has none.
 */
export async function deleteEmptyClasses(db: Database, now: number): Promise<void> {
  const isEmpty = sql`not exists (select 1 from sensor_listing where sensor_listing.class_id = sensor_class.id)`;
  await inTransaction(db, async (tx) => {
    // The last one stays: SQLite would use its id again, and lists remember the class with this id.
    const { rows } = await sql<{ id: number }>`
      delete from sensor_class where retired_at < ${now - RETIRED_FOR_MS} and ${isEmpty}
        and id < (select max(id) from sensor_class as other)
      returning id`.execute(tx);
    const ids = rows.map(({ id }) => Number(id));
    await sql`delete from sensor_count where ${isAmongNumbers(tx, sql`class_id`, ids)}`.execute(tx);
    await sql`
      update sensor_class set retired_at = ${now} where retired_at is null and ${isEmpty}`.execute(tx);
  });
}
