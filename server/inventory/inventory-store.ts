// The inventory of sensors in SQL: the state of each category, and its former contents.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { sql } from "kysely";
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { isAmong, jsonRows, lockRows } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { InventoryHistoryTable, SensorInventoryTable } from "../db/schema-inventory.ts";
import { type Place, statement } from "../db/statement.ts";
import { hexOf } from "./storage/packs-store.ts";

/** The state of a category, with the key of its content's root. */
export type CategoryState = SensorInventoryTable & { root: string | null };

const rootOf = sql<Uint8Array | null>`(select root from inventory_manifest where id = manifest_id)`.as(
  "root",
);

const inventoryOf = statement((db, place: Place<{ sensorId: string }>) =>
  db
    .selectFrom("sensorInventory")
    .selectAll()
    .select(rootOf)
    .where("sensorId", "=", place("sensorId"))
    .compile(),
);

export async function listSensorInventory(db: Database, sensorId: string): Promise<CategoryState[]> {
  return (await inventoryOf(db, { sensorId })).map(withRootKey);
}

const lockedInventories = statement<
  { sensorIds: string },
  SensorInventoryTable & { root: Uint8Array | null }
>((db, place) =>
  lockRows(
    db,
    db
      .selectFrom("sensorInventory")
      .selectAll()
      .select(rootOf)
      .where(isAmong(db, "sensor_id", place("sensorIds")))
      .orderBy("sensorId")
      .orderBy("category"),
  ).compile(),
);

/** Locks the states of sensors until the transaction ends, in an order that avoids deadlocks. */
export async function lockInventories(tx: Database, sensorIds: readonly string[]): Promise<CategoryState[]> {
  return (await lockedInventories(tx, { sensorIds: JSON.stringify(sensorIds) })).map(withRootKey);
}

function withRootKey<Row extends { root: Uint8Array | null }>(row: Row) {
  return { ...row, root: row.root === null ? null : hexOf(row.root) };
}

/** Returns the complete list from which the list of the category's content differs: itself, or its base. */
export async function listBasesOf(db: Database, sensorIds: string[]) {
  return await forSomeValues(sensorIds, (some) =>
    db
      .selectFrom("sensorInventory")
      .innerJoin("inventoryManifest", "inventoryManifest.id", "sensorInventory.manifestId")
      .select(["sensorInventory.sensorId", "sensorInventory.category"])
      .select((eb) => eb.fn.coalesce("inventoryManifest.baseId", "inventoryManifest.id").as("baseId"))
      .where("sensorInventory.sensorId", "in", some)
      .execute(),
  );
}

/** The inventory of a sensor by category, with its stored size. */
export async function listSensorInventorySizes(db: Database, sensorId: string) {
  return await db
    .selectFrom("sensorInventory")
    .leftJoin("inventoryManifest", "inventoryManifest.id", "sensorInventory.manifestId")
    .select([
      "sensorInventory.category",
      "sensorInventory.status",
      "sensorInventory.reason",
      "sensorInventory.changedAt",
      "sensorInventory.durationMs",
      "inventoryManifest.itemCount",
      "inventoryManifest.totalItems",
      "inventoryManifest.gaps",
    ])
    .where("sensorInventory.sensorId", "=", sensorId)
    .execute();
}

/** Returns the state and the manifest of a category of a sensor. */
export async function findContent(db: Database, sensorId: string, category: Category) {
  return await db
    .selectFrom("sensorInventory")
    .select(["status", "manifestId"])
    .where("sensorId", "=", sensorId)
    .where("category", "=", category)
    .executeTakeFirst();
}

const upsertStates = statement<{ states: string }, never>((db, place) =>
  sql<never>`
    insert into sensor_inventory
      (sensor_id, category, status, reason, manifest_id, reported_at, changed_at, duration_ms)
    select sensor_id, category, status, reason, manifest_id, reported_at, changed_at, duration_ms
    from ${jsonRows(db, place("states"), {
      ...{ sensor_id: "text", category: "text", status: "text", reason: "text", manifest_id: "bigint" },
      ...{ reported_at: "bigint", changed_at: "bigint", duration_ms: "bigint" },
    })} as state where true
    on conflict (sensor_id, category) do update set
      status = excluded.status, reason = excluded.reason, manifest_id = excluded.manifest_id,
      reported_at = excluded.reported_at, changed_at = excluded.changed_at,
      duration_ms = excluded.duration_ms`.compile(db),
);

/** Stores states that were read with `lockInventories` and changed. */
export async function upsertSensorInventories(
  tx: Database,
  rows: readonly SensorInventoryTable[],
): Promise<void> {
  if (rows.length === 0) return;
  const states = rows.map(({ sensorId, category, status, reason, manifestId, ...times }) => ({
    ...{ sensor_id: sensorId, category, status, reason, manifest_id: manifestId },
    ...{ reported_at: times.reportedAt, changed_at: times.changedAt, duration_ms: times.durationMs },
  }));
  await upsertStates(tx, { states: JSON.stringify(states) });
}

export async function insertHistory(tx: Database, rows: InventoryHistoryTable[]): Promise<void> {
  await forSomeRows(rows, (some) => tx.insertInto("inventoryHistory").values(some).execute());
}
