// Idempotency keys in SQL.
import { lockRows } from "./db/dialect.ts";
import type { Database, IdempotencyKeyTable } from "./db/schema.ts";

/**
 * Takes a key for a request. Returns undefined when it was free, else the row of the request that has it,
 * locked until the transaction ends. Waits for a transaction that is taking the same key. A key taken at
 * `expiredBefore` or earlier is free.
 */
export async function claimKey(
  tx: Database,
  row: IdempotencyKeyTable,
  expiredBefore: number,
): Promise<IdempotencyKeyTable | undefined> {
  await tx
    .deleteFrom("idempotencyKey")
    .where("keyHash", "=", row.keyHash)
    .where("createdAt", "<=", expiredBefore)
    .execute();
  const claimed = await tx
    .insertInto("idempotencyKey")
    .values(row)
    .onConflict((conflict) => conflict.column("keyHash").doNothing())
    .returning("keyHash")
    .executeTakeFirst();
  if (claimed) return undefined;
  const query = tx.selectFrom("idempotencyKey").selectAll().where("keyHash", "=", row.keyHash);
  // It may have been swept since the insert.
  return (await lockRows(tx, query).executeTakeFirst()) ?? (await claimKey(tx, row, expiredBefore));
}

/** Deletes the oldest keys up to a time, at most so many; returns how many. */
export async function deleteExpiredKeys(tx: Database, expiredBefore: number, limit: number): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom("idempotencyKey")
    .where("keyHash", "in", (eb) =>
      eb
        .selectFrom("idempotencyKey")
        .select("keyHash")
        .where("createdAt", "<=", expiredBefore)
        .orderBy("createdAt")
        .limit(limit),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
