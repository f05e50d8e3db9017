// The parts that store the inventory in one database: what they remember, and their group commits.
import { setBounded } from "../bounded-map.ts";
import type { Database } from "../db/schema.ts";
import { openReportWriter } from "./report-writer.ts";
import { openBases } from "./storage/bases.ts";
import type { ChunkList } from "./storage/chunk-list.ts";
import { openChunkWriter } from "./storage/chunk-writer.ts";
import { openKnownChunks } from "./storage/known-chunks.ts";
import { openKnownItems } from "./storage/known-items.ts";
import { openManifestWriter } from "./storage/manifest-writer.ts";
import { findScopeName, getScopeId } from "./storage/manifests-store.ts";
import { openPackIds } from "./storage/pack-ids.ts";
import { openPacks } from "./storage/packs.ts";

/** Uploads between their list of chunks and their chunks. */
const MAX_UPLOADS = 10_000;
const MAX_SCOPES = 1_000;

interface BegunUpload {
  /** The scope when the sensor sent its list. Chunks count there, wherever the sensor moves meanwhile. */
  scopeId: number;
  /** The list of a similar host. */
  similar: ChunkList | undefined;
}

function openInventoryParts(db: Database) {
  const packs = openPacks(db);
  const bases = openBases(db);
  const known = openKnownChunks(db, packs);
  const manifests = openManifestWriter(db, { packs, bases });
  const scopes = new Map<string, number>();
  const uploads = new Map<string, BegunUpload>();
  return {
    ...{ packs, bases, known, manifests },
    knownItems: openKnownItems(packs),
    chunks: openChunkWriter(db, { packs, known, ids: openPackIds(db) }),
    reports: openReportWriter(db, manifests),
    /** Returns the scope of a sensor's uploads: its asset group, or all sensors without a group. */
    async scopeOf(sensorId: string): Promise<number> {
      const name = await findScopeName(db, sensorId);
      const id = scopes.get(name) ?? (await getScopeId(db, name));
      setBounded(scopes, name, id, MAX_SCOPES);
      return id;
    },
    /**
     * Uploads whose chunks follow, by sensor and category. Another server does not know them, and stores the
     * same chunks in more room.
     */
    uploads: {
      begin: (key: string, upload: BegunUpload) => setBounded(uploads, key, upload, MAX_UPLOADS),
      find: (key: string) => uploads.get(key),
      end: (key: string) => void uploads.delete(key),
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
