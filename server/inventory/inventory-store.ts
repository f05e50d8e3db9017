// The inventory of sensors in SQL: the state of each category, and its former contents.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { type RawBuilder, sql } from "kysely";
import { asHex, isAmong, parseRows, rowsAsJson, texts } from "../db/dialect.ts";
import { rowStatement } from "../db/row-statement.ts";
import type { Database } from "../db/schema.ts";
import type { InventoryHistoryTable, SensorInventoryTable } from "../db/schema-inventory.ts";
import { type Place, statement } from "../db/statement.ts";

/** The state of a category, with the key of its content's root. */
export type CategoryState = SensorInventoryTable & { root: string | null };

/** For each category of a sensor: the root of its content, and the base of its list. */
function contentsOf(db: Database, sensorId: RawBuilder<unknown>) {
  // Each manifest by its id. A join would let PostgreSQL read all of them.
  const manifest = (column: RawBuilder<unknown>) =>
    sql`(select ${column} from inventory_manifest where id = content.manifest_id)`;
  const columns = sql`category, ${manifest(asHex(db, sql`root`))} as root,
    ${manifest(sql`coalesce(base_id, id)`)} as base_id`;
  const contents = sql`select ${columns} from sensor_inventory as content
    where content.sensor_id = ${sensorId}`;
  return rowsAsJson(db, ["category", "root", "base_id"], contents);
}

interface InventoryRow {
  sensorId: string;
  assetGroupId: string | null;
  states: string | null;
  contents: unknown;
}

// Each row by its key: PostgreSQL may have planned joins while the tables were empty.
const inventoriesOf = statement((db, place: Place<{ sensorIds: string }>) =>
  sql<InventoryRow>`
    select known.value as sensor_id,
      (select id from asset_group where deleted_at is null and id = (
        select asset_group_id from asset where id = (select asset_id from sensor where id = known.value)
      )) as asset_group_id,
      (select states from inventory_state where sensor_id = known.value) as states,
      ${contentsOf(db, sql`known.value`)} as contents
    from ${texts(db, place("sensorIds"))} as known`.compile(db),
);

export interface SensorInventory {
  /** Empty for a sensor without a group. */
  assetGroupId: string;
  /** By category. */
  states: Map<string, CategoryState>;
  /** By category: the complete list from which the list of its content differs: itself, or its base. */
  bases: Map<string, number>;
}

/** Returns the inventories of sensors, in the order of the ids. Each id occurs once. */
export async function findInventories(
  db: Database,
  sensorIds: readonly string[],
): Promise<SensorInventory[]> {
  const rows = await inventoriesOf(db, { sensorIds: JSON.stringify(sensorIds) });
  const found = new Map(rows.map((row) => [row.sensorId, row]));
  return sensorIds.map((id) => inventoryOf(found.get(id)!));
}

function inventoryOf({ sensorId, assetGroupId, states, contents }: InventoryRow): SensorInventory {
  const stored = statesOf({ sensorId, states: states ?? "{}", contents });
  const bases = contentRows(contents).flatMap(([category, , baseId]): [string, number][] =>
    baseId === null ? [] : [[category, baseId]],
  );
  return {
    assetGroupId: assetGroupId ?? "",
    states: new Map(stored.map((state) => [state.category, state])),
    bases: new Map(bases),
  };
}

const statesOfSensors = statement((db, place: Place<{ sensorIds: string }>) =>
  db
    .selectFrom("inventoryState")
    .select(["sensorId", "states", contentsOf(db, sql.ref("inventory_state.sensor_id")).as("contents")])
    .where(isAmong(db, "sensor_id", place("sensorIds")))
    .compile(),
);

/** The sensors have to be locked, so that no other transaction changes their states meanwhile. */
export async function listInventories(tx: Database, sensorIds: readonly string[]): Promise<CategoryState[]> {
  return (await statesOfSensors(tx, { sensorIds: JSON.stringify(sensorIds) })).flatMap(statesOf);
}

function statesOf(row: { sensorId: string; states: string; contents: unknown }): CategoryState[] {
  const { sensorId } = row;
  const roots = new Map(contentRows(row.contents).map(([category, root]) => [category, root]));
  const stored = Object.entries(JSON.parse(row.states) as Record<string, StoredState>);
  return stored.map(([category, state]) => ({
    ...{ sensorId, category, ...decodeState(state) },
    root: roots.get(category) ?? null,
  }));
}

function contentRows(contents: unknown) {
  return parseRows(contents) as [category: string, root: string | null, baseId: number | null][];
}

const sizesOf = statement((db, place: Place<{ sensorId: string }>) =>
  db
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
    .where("sensorInventory.sensorId", "=", place("sensorId"))
    .compile(),
);

/** The inventory of a sensor by category, with its stored size. */
export async function listSensorInventorySizes(db: Database, sensorId: string) {
  return await sizesOf(db, { sensorId });
}

const contentOf = statement((db, place: Place<{ sensorId: string; category: string }>) =>
  db
    .selectFrom("sensorInventory")
    .select(["status", "manifestId"])
    .where("sensorId", "=", place("sensorId"))
    .where("category", "=", place("category"))
    .compile(),
);

/** Returns the state and the manifest of a category of a sensor. */
export async function findContent(db: Database, sensorId: string, category: Category) {
  return (await contentOf(db, { sensorId, category }))[0];
}

type State = Omit<SensorInventoryTable, "sensorId" | "category">;

/** The columns of the view `sensor_inventory` in its order. Nulls at the end are left out. */
type StoredState = [
  status: State["status"],
  reason?: string | null,
  manifestId?: number | null,
  reportedAt?: number | null,
  /** From `changedAt` to `reportedAt`, which is seldom long. */
  ageMs?: number | null,
  durationMs?: number | null,
];

function encodeState(state: State): StoredState {
  const { status, reason, manifestId, reportedAt, changedAt, durationMs } = state;
  const ageMs = reportedAt === null || changedAt === null ? null : reportedAt - changedAt;
  const stored = [status, reason, manifestId, reportedAt, ageMs, durationMs];
  while (stored.at(-1) === null) stored.pop();
  return stored as StoredState;
}

function decodeState([status, reason, manifestId, reportedAt, ageMs, durationMs]: StoredState): State {
  return {
    ...{ status, reason: reason ?? null, manifestId: manifestId ?? null, reportedAt: reportedAt ?? null },
    changedAt: reportedAt == null || ageMs == null ? null : reportedAt - ageMs,
    durationMs: durationMs ?? null,
  };
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
      states: JSON.stringify(
        Object.fromEntries(Array.from(states, (state) => [state.category, encodeState(state)])),
      ),
    })),
  );
}

const insertHistoryRows = rowStatement<
  { sensor_id: string; category: string; manifest_id: number; reported_at: number; collected_at: number },
  never
>(
  {
    ...{ sensor_id: "text", category: "text", manifest_id: "bigint" },
    ...{ reported_at: "bigint", collected_at: "bigint" },
  },
  (db, rows) =>
    sql<never>`
      insert into inventory_history (sensor_id, category, manifest_id, reported_at, collected_at)
      select sensor_id, category, manifest_id, reported_at, collected_at from ${rows} as former`.compile(db),
);

export async function insertHistory(tx: Database, rows: readonly InventoryHistoryTable[]): Promise<void> {
  await insertHistoryRows(
    tx,
    rows.map(({ sensorId, category, manifestId, reportedAt, collectedAt }) => ({
      ...{ sensor_id: sensorId, category, manifest_id: manifestId },
      ...{ reported_at: reportedAt, collected_at: collectedAt },
    })),
  );
}
