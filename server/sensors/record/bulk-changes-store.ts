// Changes of several sensors at once, in SQL.
import { forSomeValues } from "../../db/batches.ts";
import { lockRows } from "../../db/dialect.ts";
import type { Database } from "../../db/schema.ts";
import { STATE_COLUMNS } from "./sensors-store.ts";

/** Locks the rows of those sensors that exist, in the order of their ids. */
export async function lockSensors(tx: Database, ids: readonly string[]) {
  return await forSomeValues(ids, (some) =>
    lockRows(
      tx,
      tx
        .selectFrom("sensor")
        .select([...STATE_COLUMNS, "assetId"])
        .where("id", "in", some)
        .where("deletedAt", "is", null)
        .orderBy("id"),
    ).execute(),
  );
}

export type LockedState = Awaited<ReturnType<typeof lockSensors>>[number];

/** Marks the sensors as deleted. Returns those that existed. */
export async function markSensorsDeleted(tx: Database, ids: readonly string[], deletedAt: number) {
  return await forSomeValues(ids, (some) =>
    tx
      .updateTable("sensor")
      .set({ deletedAt })
      .where("id", "in", some)
      .where("deletedAt", "is", null)
      .returning(["id", "hostname", "assetId"])
      .execute(),
  );
}

export async function markUnblocked(tx: Database, ids: readonly string[]): Promise<void> {
  await forSomeValues(ids, (some) =>
    tx.updateTable("sensor").set({ blockedAt: null, blockedBy: null }).where("id", "in", some).execute(),
  );
}
