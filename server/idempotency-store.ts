// Idempotency keys in SQL.
import { lockRows } from "./db/dialect.ts";
import type { Database, IdempotencyKeyTable } from "./db/schema.ts";

/**
 * Claims a key for a request. Returns undefined if it was free. Otherwise returns the row of the request that
 * has it, locked until the transaction ends. Waits for a transaction that claims the same key. A key from
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
  // The row may have been swept since the insert.
  return (await lockRows(tx, query).executeTakeFirst()) ?? (await claimKey(tx, row, expiredBefore));
}

/** Deletes the oldest keys from before a time, at most `limit`. Returns the number of deleted keys. */
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
