// The inventory of sensors in SQL: the state of each category, and its former contents.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { sql } from "kysely";
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { isAmong } from "../db/dialect.ts";
import { rowStatement } from "../db/row-statement.ts";
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

const inventoriesOf = statement((db, place: Place<{ sensorIds: string }>) =>
  db
    .selectFrom("sensorInventory")
    .selectAll()
    .select(rootOf)
    .where(isAmong(db, "sensor_id", place("sensorIds")))
    .compile(),
);

/** The sensors have to be locked, so that no other transaction changes their states meanwhile. */
export async function listInventories(tx: Database, sensorIds: readonly string[]): Promise<CategoryState[]> {
  return (await inventoriesOf(tx, { sensorIds: JSON.stringify(sensorIds) })).map(withRootKey);
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

const upsertStates = rowStatement<{ sensor_id: string; completed_at: number | null; states: string }, never>(
  { sensor_id: "text", completed_at: "bigint", states: "text" },
  (db, rows) =>
    sql<never>`
      insert into inventory_state (sensor_id, completed_at, states)
      select sensor_id, completed_at, states from ${rows} as stored where true
      on conflict (sensor_id) do update set states = excluded.states,
        completed_at = coalesce(inventory_state.completed_at, excluded.completed_at)`.compile(db),
);

/** The states of all categories of a sensor. */
export interface SensorStates {
  sensorId: string;
  /** When the inventory was completed; null: it was before, or is not complete. */
  completedAt: number | null;
  states: Iterable<SensorInventoryTable>;
}

/**
 * Stores states that were read with `listInventories` and changed. Ends the status pending of sensors whose
 * inventory is complete.
 */
export async function upsertSensorInventories(tx: Database, sensors: readonly SensorStates[]): Promise<void> {
  await upsertStates(
    tx,
    sensors.map(({ sensorId, completedAt, states }) => ({
      ...{ sensor_id: sensorId, completed_at: completedAt },
      states: JSON.stringify(Object.fromEntries(Array.from(states, encodeState))),
    })),
  );
}

/** In the order of the view `sensor_inventory`. */
function encodeState(state: SensorInventoryTable) {
  const { category, status, reason, manifestId, reportedAt, changedAt, durationMs } = state;
  return [category, [status, reason, manifestId, reportedAt, changedAt, durationMs]] as const;
}

export async function insertHistory(tx: Database, rows: InventoryHistoryTable[]): Promise<void> {
  await forSomeRows(rows, (some) => tx.insertInto("inventoryHistory").values(some).execute());
}
