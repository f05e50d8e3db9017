// The migrations: an explicit, append-only list, the same for both databases.
import { Migrator } from "kysely/migration";
import {
  dialectOf,
  listAppliedMigrations,
  listColumnsAndIndexes,
  lockMigrations,
  requireTables,
} from "./dialect.ts";
import { usersAndGroups } from "./migrations/0001-users-and-groups.ts";
import { tokensAndAssets } from "./migrations/0002-tokens-and-assets.ts";
import { sensors } from "./migrations/0003-sensors.ts";
import { inventory } from "./migrations/0004-inventory.ts";
import { arrivals } from "./migrations/0005-arrivals.ts";
import { updates } from "./migrations/0006-updates.ts";
import { collectionResults } from "./migrations/0007-collection-results.ts";
import { inventoryStorage } from "./migrations/0008-inventory-storage.ts";
import { sensorListings } from "./migrations/0009-sensor-listings.ts";
import { sensorRevision } from "./migrations/0010-sensor-revision.ts";
import { inventoryRevision } from "./migrations/0011-inventory-revision.ts";
import { agreementKey } from "./migrations/0012-agreement-key.ts";
import { managedUsers } from "./migrations/0013-managed-users.ts";
import { account } from "./migrations/0014-account.ts";
import { audit } from "./migrations/0015-audit.ts";
import { assetTypes } from "./migrations/0017-asset-types.ts";
import { views } from "./migrations/0018-views.ts";
import { sensorFilters } from "./migrations/0019-sensor-filters.ts";
import type { Migration } from "./migrations/migration.ts";
import type { Database } from "./schema.ts";

export const MIGRATIONS: Record<string, Migration> = {
  "0001-users-and-groups": usersAndGroups,
  "0002-tokens-and-assets": tokensAndAssets,
  "0003-sensors": sensors,
  "0004-inventory": inventory,
  "0005-arrivals": arrivals,
  "0006-updates": updates,
  "0007-collection-results": collectionResults,
  "0008-inventory-storage": inventoryStorage,
  "0009-sensor-listings": sensorListings,
  "0010-sensor-revision": sensorRevision,
  "0011-inventory-revision": inventoryRevision,
  "0012-agreement-key": agreementKey,
  "0013-managed-users": managedUsers,
  "0014-account": account,
  "0015-audit": audit,
  "0017-asset-types": assetTypes,
  "0018-views": views,
  "0019-sensor-filters": sensorFilters,
};

export interface SchemaState {
  /** In the order in which they were applied. */
  applied: string[];
  /** Not applied yet. */
  pending: string[];
  /** Applied by a newer release. */
  unknown: string[];
}

export async function readSchemaState(db: Database): Promise<SchemaState> {
  const applied = await listAppliedMigrations(db);
  return {
    applied,
    pending: Object.keys(MIGRATIONS).filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !Object.hasOwn(MIGRATIONS, name)),
  };
}

/**
 * Runs the pending migrations up to `last` and records them, in one transaction. A kill or a full disk leaves
 * the schema unchanged. Servers that start at once take turns.
 */
export async function migrate(db: Database, last = Object.keys(MIGRATIONS).at(-1)!): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockMigrations(tx);
    if ((await readSchemaState(tx)).pending.length > 0) await requireTables(tx);
    const dialect = dialectOf(tx);
    const migrations = Object.entries(MIGRATIONS).map(([name, { up }]) => [
      name,
      { up: (db: Database) => up(db, dialect) },
    ]);
    const provider = { getMigrations: async () => Object.fromEntries(migrations) };
    const migrator = new Migrator({ db: tx, provider });
    const { error } = await migrator.migrateTo(last);
    if (error) throw error;
  });
}

/**
 * Returns true for an SQLite database whose tables differ from those of its recorded migrations. Earlier
 * builds did not migrate in transactions, so a kill left a migration half applied. `empty` is an in-memory
 * database, in which the expected schema is created.
 */
export async function isHalfMigrated(db: Database, empty: Database): Promise<boolean> {
  if (dialectOf(db) !== "sqlite") return false;
  const last = (await listAppliedMigrations(db)).at(-1);
  if (last !== undefined) await migrate(empty, last);
  const [found, expected] = [await listColumnsAndIndexes(db), await listColumnsAndIndexes(empty)];
  return found.join("\n") !== expected.join("\n");
}
