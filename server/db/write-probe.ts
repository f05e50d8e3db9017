// A write without effect: it shows whether the database accepts writes.
import type { Database } from "./schema.ts";

const NAME = "write-probe";

/**
 * Throws the error of a database that cannot be written. `at` must differ each time, so that there is a
 * change.
 */
export async function writeProbe(db: Database, at: number): Promise<void> {
  const value = String(at);
  await db
    .insertInto("setting")
    .values({ name: NAME, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}
