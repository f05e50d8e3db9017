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

/** Counts the sensors that enrolled with each token: the highest number of a use. */
export async function countUsesOf(db: Database, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await forSomeValues(ids, (some) =>
    db
      .selectFrom("enrollmentToken")
      .select((eb) => [
        "enrollmentToken.id",
        // For each token, so that the index has the highest number.
        eb
          .selectFrom("enrollmentAttempt")
          .select((attempt) => attempt.fn.max("useNumber").as("uses"))
          .whereRef("enrollmentTokenId", "=", "enrollmentToken.id")
          .as("uses"),
      ])
      .where("enrollmentToken.id", "in", some)
      .execute(),
  );
  return new Map(rows.map(({ id, uses }) => [id, Number(uses ?? 0)]));
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
