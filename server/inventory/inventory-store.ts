// Inventory in SQL: chunks and manifests by content, and the manifests of each sensor.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { forSomeRows, forSomeValues } from "../db/batches.ts";
import { isLiveGroup } from "../db/live-group.ts";
import type {
  Database,
  InventoryChunkTable,
  InventoryHistoryTable,
  InventoryManifestTable,
  SensorInventoryTable,
} from "../db/schema.ts";
import { type Place, statement } from "../db/statement.ts";

const inventoryOf = statement((db, place: Place<{ sensorId: string }>) =>
  db.selectFrom("sensorInventory").selectAll().where("sensorId", "=", place("sensorId")).compile(),
);

export async function listSensorInventory(db: Database, sensorId: string): Promise<SensorInventoryTable[]> {
  return await inventoryOf(db, { sensorId });
}

/** The inventory of a sensor by category, with its stored size. */
export async function listSensorInventorySizes(db: Database, sensorId: string) {
  return await db
    .selectFrom("sensorInventory")
    .leftJoin("inventoryManifest", (join) =>
      join
        .onRef("inventoryManifest.root", "=", "sensorInventory.root")
        .onRef("inventoryManifest.category", "=", "sensorInventory.category"),
    )
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

/**
 * Stores the state of a category, unless only the duration differs. A row without a root keeps the stored
 * root. Returns when the root was collected, at the earliest the time of the previous root; undefined if
 * nothing has changed.
 */
export async function upsertSensorInventory(
  db: Database,
  row: SensorInventoryTable,
): Promise<number | null | undefined> {
  const changed = await db
    .insertInto("sensorInventory")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(["sensorId", "category"])
        .doUpdateSet((eb) => ({
          status: row.status,
          reason: row.reason,
          durationMs: row.durationMs,
          ...(row.root === null
            ? {}
            : {
                root: row.root,
                changedAt: eb
                  .case()
                  .when("sensorInventory.changedAt", ">", row.changedAt)
                  .then(eb.ref("sensorInventory.changedAt"))
                  .else(eb.ref("excluded.changedAt"))
                  .end(),
              }),
        }))
        .where((eb) =>
          eb.or([
            eb("sensorInventory.status", "!=", row.status),
            eb("sensorInventory.reason", "is distinct from", row.reason),
            ...(row.root === null ? [] : [eb("sensorInventory.root", "is distinct from", row.root)]),
          ]),
        ),
    )
    .returning("changedAt")
    .executeTakeFirst();
  return changed?.changedAt;
}

/**
 * Call it after `upsertSensorInventory` in the same transaction, so that reports of one sensor take turns.
 */
export async function insertHistory(db: Database, row: InventoryHistoryTable): Promise<void> {
  const { sensorId, category } = row;
  const last = await db
    .selectFrom("inventoryHistory")
    .select((eb) => eb.fn.max("reportedAt").as("reportedAt"))
    .where("sensorId", "=", sensorId)
    .where("category", "=", category)
    .executeTakeFirst();
  // Reports from a spool can arrive within one millisecond, and each of them counts.
  const reportedAt = Math.max(row.reportedAt, (last?.reportedAt ?? 0) + 1);
  await db
    .insertInto("inventoryHistory")
    .values({ ...row, reportedAt })
    .execute();
}

/** Returns the scope of a sensor's uploads: its asset group, or all sensors without a group. */
export async function findScope(db: Database, sensorId: string): Promise<string> {
  const row = await db
    .selectFrom("sensor")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", isLiveGroup)
    .select("assetGroup.id as assetGroupId")
    .where("sensor.id", "=", sensorId)
    .executeTakeFirst();
  return row?.assetGroupId ?? "";
}

/**
 * Marks hashes as uploaded in a scope. Sorts them, so that two sensors with the same chunks do not deadlock.
 */
export async function insertScope(db: Database, scope: string, hashes: string[]): Promise<void> {
  const rows = hashes.toSorted().map((hash) => ({ assetGroupId: scope, hash }));
  await forSomeRows(rows, (some) =>
    db
      .insertInto("inventoryScope")
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}

export async function findManifest(db: Database, category: Category, root: string) {
  return await db
    .selectFrom("inventoryManifest")
    .selectAll()
    .where("category", "=", category)
    .where("root", "=", root)
    .executeTakeFirst();
}

/** Returns undefined if no sensor of the scope has reported the root, even if other sensors have. */
export async function findScopedManifest(db: Database, scope: string, category: Category, root: string) {
  return await db
    .selectFrom("inventoryScope")
    .innerJoin("inventoryManifest", "inventoryManifest.root", "inventoryScope.hash")
    .selectAll("inventoryManifest")
    .where("inventoryScope.assetGroupId", "=", scope)
    .where("inventoryScope.hash", "=", root)
    .where("inventoryManifest.category", "=", category)
    .executeTakeFirst();
}

export async function insertManifest(db: Database, manifest: InventoryManifestTable): Promise<void> {
  await db
    .insertInto("inventoryManifest")
    .values(manifest)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The caller must sort the chunks by hash, like `insertScope`. */
export async function insertChunks(db: Database, chunks: InventoryChunkTable[]): Promise<void> {
  await forSomeRows(chunks, (some) =>
    db
      .insertInto("inventoryChunk")
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}

/** Returns the chunks that a sensor of the scope has uploaded in the category, by hash, without contents. */
export async function describeChunks(
  db: Database,
  scope: string,
  category: Category,
  hashes: string[],
): Promise<Map<string, { itemCount: number; sizeBytes: number; bucket: number }>> {
  const rows = await forSomeValues(hashes, (some) =>
    chunkQuery(db, category, some)
      .innerJoin("inventoryScope", "inventoryScope.hash", "inventoryChunk.hash")
      .where("inventoryScope.assetGroupId", "=", scope)
      .select([
        "inventoryChunk.hash",
        "inventoryChunk.itemCount",
        "inventoryChunk.sizeBytes",
        "inventoryChunk.bucket",
      ])
      .execute(),
  );
  return new Map(rows.map(({ hash, ...chunk }) => [hash, chunk]));
}

/** Returns the contents of the chunks, by hash. */
export async function listChunkContents(
  db: Database,
  category: Category,
  hashes: string[],
): Promise<Map<string, string>> {
  const rows = await forSomeValues(hashes, (some) =>
    chunkQuery(db, category, some).select(["inventoryChunk.hash", "inventoryChunk.content"]).execute(),
  );
  return new Map(rows.map(({ hash, content }) => [hash, content]));
}

function chunkQuery(db: Database, category: Category, some: string[]) {
  return db
    .selectFrom("inventoryChunk")
    .where("inventoryChunk.category", "=", category)
    .where("inventoryChunk.hash", "in", some);
}
