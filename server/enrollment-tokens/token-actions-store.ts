// Changes of several tokens at once, in SQL.
import { forSomeValues } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { TokenColumns } from "./enrollment-tokens-store.ts";

/** Locks the rows of those tokens that exist, in the order of their ids. */
export async function lockTokens(tx: Database, ids: readonly string[]) {
  return await forSomeValues(ids.toSorted(), (some) =>
    lockRows(
      tx,
      tx
        .selectFrom("enrollmentToken")
        .selectAll()
        .where("id", "in", some)
        .where("deletedAt", "is", null)
        .orderBy("id"),
    ).execute(),
  );
}

export async function updateTokens(
  tx: Database,
  ids: readonly string[],
  columns: TokenColumns,
): Promise<void> {
  await forSomeValues(ids, (some) =>
    tx.updateTable("enrollmentToken").set(columns).where("id", "in", some).execute(),
  );
}
