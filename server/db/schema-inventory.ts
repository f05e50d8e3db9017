// The tables of inventory as types for Kysely.
import type { UncollectedStatus } from "@attacklens/protocol/inventory/results.ts";
import type { Generated } from "kysely";

/**
 * The asset group whose sensors share what they have uploaded. Uploads of other groups do not count:
 * otherwise a sensor could find out what they contain.
 */
export interface InventoryScopeTable {
  id: Generated<number>;
  /** Empty for sensors without a group. */
  assetGroupId: string;
}

/** A pack has at most this many chunks, so that the number of a chunk contains its place. */
export const PACK_CHUNKS = 256;

/** Chunks that were compressed together. */
export interface InventoryPackTable {
  id: number;
  /** Whose sensors have uploaded its chunks. */
  scopeId: number;
  /** Of its chunks, separated by commas. */
  categories: string;
  /** Of its chunks, one after the other: see `nameOf`. */
  names: Uint8Array;
  /** The category, the bucket, the number of items and the size of each chunk: see `encodeFacts`. */
  chunks: Uint8Array;
  /** The chunks of other packs that are the dictionary of the content. */
  base: Uint8Array;
  /** The number of packs that have to be read first. */
  depth: number;
  /** Zstandard. */
  content: Uint8Array;
}

/** One row: the next free id of a pack. */
export interface InventoryPackNumberTable {
  id: number;
  next: number;
}

/** The index of the packs by a few of their chunks. */
export interface InventoryPackKeyTable {
  /** See `packKeyOf`. */
  key: Uint8Array;
  /** The last one of the scope with such a chunk. */
  packId: number;
}

/** A chunk that sensors of another scope than that of its pack have uploaded too. */
export interface InventoryChunkScopeTable {
  scopeId: number;
  /** See `nameOf`. */
  name: Uint8Array;
  /** Its pack and its place in it: see `chunkOf`. */
  chunk: number;
}

/** The list of the chunks of a category, once for each scope whose sensors have completed it. */
export interface InventoryManifestTable {
  id: Generated<number>;
  scopeId: number;
  category: string;
  /** The first 16 bytes of the root's SHA-256. */
  root: Uint8Array;
  /** A complete list, of which `chunks` is the difference; null: it is a complete one. */
  baseId: number | null;
  /** See `encodeChunkList`. */
  chunks: Uint8Array;
  itemCount: number;
  /** The number of items on the host, if the chunks have only the first of them; null: they have all. */
  totalItems: number | null;
  /** JSON array of what the items lack; null: nothing. */
  gaps: string | null;
}

/** The current inventory of a sensor, stored in one row: a first report has eleven categories. */
export interface InventoryStateTable {
  sensorId: string;
  /** When a report completed it for the first time. A trigger ends the status pending of the sensor. */
  completedAt: number | null;
  /** JSON object: for each category, a `StoredState`. */
  states: string;
}

/** The current inventory of a sensor, one row per category. A view of `inventory_state`. */
export interface SensorInventoryTable {
  sensorId: string;
  category: string;
  status: "collected" | UncollectedStatus;
  reason: string | null;
  /** The last collected content; null: none yet. */
  manifestId: number | null;
  /** When the server stored it. Increases with each report, so that it is unique in the history. */
  reportedAt: number | null;
  /** When it was collected. */
  changedAt: number | null;
  /** How long the last report that changed something took to collect; null: the sensor did not say. */
  durationMs: number | null;
}

/** Former contents of a sensor's category: one row for each that another report replaced. */
export interface InventoryHistoryTable {
  sensorId: string;
  category: string;
  manifestId: number;
  /** When the server stored it. Unique within a sensor's category. */
  reportedAt: number;
  /** When it was collected, limited so that the order stays the same. */
  collectedAt: number;
}
