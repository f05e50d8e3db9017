// Transactions that run again when two of them collide.
import { collectChanges } from "./changes.ts";
import { isDuplicate, isTransient } from "./dialect.ts";
import type { Database } from "./schema.ts";

const TRIES = 5;

/**
 * Runs `work` in one transaction; a deadlock or a busy database runs it again, so `work` must have no effect
 * outside `tx`.
 */
export async function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return await work(db);
  for (let attempt = 1; ; attempt++) {
    try {
      let tellChanges = () => {};
      const result = await db.transaction().execute((tx) => {
        tellChanges = collectChanges(db, tx);
        return work(tx);
      });
      tellChanges();
      return result;
    } catch (error) {
      if (attempt >= TRIES || !isTransient(error)) throw error;
    }
  }
}

/**
 * Runs `work` a second time when it inserted a duplicate. Two requests can claim the same asset or key at the
 * same moment: the second run finds what the other request has committed.
 */
export async function withSecondTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return await work();
  }
}
