// The parts that store the inventory in one database: what they remember, and their group commits.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { openBatcher } from "../batcher.ts";
import { setBounded } from "../bounded-map.ts";
import { forLongWork } from "../db/long-work.ts";
import type { Database } from "../db/schema.ts";
import { openDeferredReports } from "./deferred-reports.ts";
import { findInventories, type SensorInventory } from "./inventory-store.ts";
import { openInventoryWriter } from "./inventory-writer.ts";
import { openReportWriter } from "./report-writer.ts";
import { openBases } from "./storage/bases.ts";
import type { ChunkList } from "./storage/chunk-list.ts";
import { openChunkWriter } from "./storage/chunk-writer.ts";
import { openKnownChunks } from "./storage/known-chunks.ts";
import { openKnownItems } from "./storage/known-items.ts";
import { openManifestWriter } from "./storage/manifest-writer.ts";
import { getScopeId } from "./storage/manifests-store.ts";
import { openPackIds } from "./storage/pack-ids.ts";
import { openPacks } from "./storage/packs.ts";

/** Sensors between the check-in after which they upload and the end of their uploads. */
const MAX_UPLOADING = 10_000;
/** A sensor that changes its asset group while it uploads counts in the former one for so long. */
const SCOPE_MS = 60_000;
const MAX_SCOPES = 1_000;

/** Unnoticeable for a sensor, and long enough for others to join. */
const READS_PACE_MS = 10;

/** The uploads of a sensor. */
export interface Uploading {
  scopeId: number;
  /** When the scope was read. */
  readAt: number;
  /** By category: the base of the sensor's current list. */
  bases: ReadonlyMap<string, number>;
  /** By category: the list of a similar host. */
  similar: Map<Category, ChunkList | undefined>;
}

function openInventoryParts(origin: Database) {
  const db = forLongWork(origin, "upload");
  const packs = openPacks(db);
  const bases = openBases(db);
  const known = openKnownChunks(db, packs);
  const manifests = openManifestWriter(db, { packs, bases });
  const scopes = new Map<string, number>();
  const uploading = new Map<string, Uploading>();
  /** Sensors that check in together share one query. */
  const inventories = openBatcher<string, SensorInventory>({
    ...{ running: 1, paceMs: READS_PACE_MS, take: (waiting) => ({ batch: waiting, rest: [] }) },
    async work(sensorIds) {
      const ids = [...new Set(sensorIds)];
      const found = await findInventories(origin, ids);
      return sensorIds.map((id) => found[ids.indexOf(id)]!);
    },
  });

  async function scopeOf(assetGroupId: string): Promise<number> {
    const id = scopes.get(assetGroupId) ?? (await getScopeId(db, assetGroupId));
    setBounded(scopes, assetGroupId, id, MAX_SCOPES);
    return id;
  }

  /**
   * Begins the uploads of a sensor in its present scope: its asset group, or all sensors without a group.
   * Chunks count there, wherever the sensor moves meanwhile. Another server does not know them, and stores
   * the same chunks in more room.
   */
  async function begin(
    sensorId: string,
    now: number,
    { assetGroupId, bases }: Pick<SensorInventory, "assetGroupId" | "bases">,
  ): Promise<Uploading> {
    const begun = { scopeId: await scopeOf(assetGroupId), readAt: now, bases, similar: new Map() };
    setBounded(uploading, sensorId, begun, MAX_UPLOADING);
    return begun;
  }

  return {
    ...{ packs, bases, known, manifests },
    knownItems: openKnownItems(packs),
    deferred: openDeferredReports(),
    write: openInventoryWriter(db, {
      chunks: openChunkWriter({ packs, known, ids: openPackIds(db) }),
      reports: openReportWriter(manifests),
    }),
    begin,
    findInventory: (sensorId: string): Promise<SensorInventory> => inventories.add(sensorId),
    /** Returns the uploads of a sensor, and begins them if they have not begun lately. */
    async uploadsOf(sensorId: string, now: number): Promise<Uploading> {
      const begun = uploading.get(sensorId);
      if (begun && now - begun.readAt < SCOPE_MS) return begun;
      return await begin(sensorId, now, await inventories.add(sensorId));
    },
  };
}

export type InventoryParts = ReturnType<typeof openInventoryParts>;

const parts = new WeakMap<Database, InventoryParts>();

/** `db`: not a transaction, which sees rows that are not committed. */
export function inventoryParts(db: Database): InventoryParts {
  const found = parts.get(db);
  if (found) return found;
  const opened = openInventoryParts(db);
  parts.set(db, opened);
  return opened;
}
