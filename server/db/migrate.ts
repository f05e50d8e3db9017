// Migrations, append-only, in an explicit list that is bundled into the binary. Both databases run the same ones.
import { type Migration, Migrator } from "kysely/migration";
import { firstSlice } from "./migrations/0001-first-slice.ts";
import { tokenLife } from "./migrations/0002-token-life.ts";
import { apiKeys } from "./migrations/0003-api-keys.ts";
import { chunkSizes } from "./migrations/0004-chunk-sizes.ts";
import { uninstalled } from "./migrations/0005-uninstalled.ts";
import { sensorKeys } from "./migrations/0006-sensor-keys.ts";
import { certificateAuthority } from "./migrations/0007-certificate-authority.ts";
import { collectedAt } from "./migrations/0008-collected-at.ts";
import { reinstalls } from "./migrations/0009-reinstalls.ts";
import { listIndexes } from "./migrations/0011-list-indexes.ts";
import type { Database } from "./schema.ts";

const MIGRATIONS: Record<string, Migration> = {
  "0001-first-slice": firstSlice,
  "0002-token-life": tokenLife,
  "0003-api-keys": apiKeys,
  "0004-chunk-sizes": chunkSizes,
  "0005-uninstalled": uninstalled,
  "0006-sensor-keys": sensorKeys,
  "0007-certificate-authority": certificateAuthority,
  "0008-collected-at": collectedAt,
  "0009-reinstalls": reinstalls,
  "0011-list-indexes": listIndexes,
};

/** Runs what has not run yet. Two servers that start together take turns by a lock. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
