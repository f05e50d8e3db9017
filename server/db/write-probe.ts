// A write without effect: it shows whether the database accepts writes.
import type { Database } from "./schema.ts";

const NAME = "write-probe";

/**
 * Throws what the database says when it cannot be written. `at` differs each time, so that there is something
 * to write.
 */
export async function writeProbe(db: Database, at: number): Promise<void> {
  const value = String(at);
  await db
    .insertInto("setting")
    .values({ name: NAME, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}
