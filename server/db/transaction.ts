// Transactions that run again when two of them collide.
import { collectChanges } from "./changes.ts";
import { isDuplicate, isTransient } from "./dialect.ts";
import type { Database } from "./schema.ts";

const TRIES = 5;

/**
 * Runs `work` in one transaction, and again after a deadlock or on a busy database. Outside `tx`, `work` must
 * have no effect.
 */
export async function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return await work(db);
  return await withRetries(async () => {
    let tellChanges = () => {};
    const result = await db.transaction().execute((tx) => {
      tellChanges = collectChanges(db, tx);
      return work(tx);
    });
    tellChanges();
    return result;
  });
}

/** Runs one statement or transaction, and again after a deadlock or on a busy database. */
export async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= TRIES || !isTransient(error)) throw error;
    }
  }
}

/**
 * Runs `work` again if it inserted a duplicate. Two requests can claim the same asset or key at the same
 * time; the second run finds the rows of the other request.
 */
export async function withSecondTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return await work();
  }
}
