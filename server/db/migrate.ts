// The migrations: an explicit, append-only list, the same for both databases.
import { Migrator } from "kysely/migration";
import {
  dialectOf,
  listAppliedMigrations,
  listColumnsAndIndexes,
  lockMigrations,
  requireTables,
} from "./dialect.ts";
import { firstSlice } from "./migrations/0001-first-slice.ts";
import { tokenLife } from "./migrations/0002-token-life.ts";
import { apiKeys } from "./migrations/0003-api-keys.ts";
import { chunkSizes } from "./migrations/0004-chunk-sizes.ts";
import { uninstalled } from "./migrations/0005-uninstalled.ts";
import { sensorKeys } from "./migrations/0006-sensor-keys.ts";
import { certificateAuthority } from "./migrations/0007-certificate-authority.ts";
import { collectedAt } from "./migrations/0008-collected-at.ts";
import { reinstalls } from "./migrations/0009-reinstalls.ts";
import { listIndexes } from "./migrations/0010-list-indexes.ts";
import { clonesAndMatches } from "./migrations/0011-clones-and-matches.ts";
import { knownKeys } from "./migrations/0012-known-keys.ts";
import { lostSensors } from "./migrations/0013-lost-sensors.ts";
import { signInAddressesAndNames } from "./migrations/0014-sign-in-addresses-and-names.ts";
import { idempotencyAndScopes } from "./migrations/0015-idempotency-and-scopes.ts";
import { tokenRollOut } from "./migrations/0016-token-roll-out.ts";
import { fleetCounts } from "./migrations/0017-fleet-counts.ts";
import { plainTerms } from "./migrations/0018-plain-terms.ts";
import type { Migration } from "./migrations/migration.ts";
import type { Database } from "./schema.ts";

export const MIGRATIONS: Record<string, Migration> = {
  "0001-first-slice": firstSlice,
  "0002-token-life": tokenLife,
  "0003-api-keys": apiKeys,
  "0004-chunk-sizes": chunkSizes,
  "0005-uninstalled": uninstalled,
  "0006-sensor-keys": sensorKeys,
  "0007-certificate-authority": certificateAuthority,
  "0008-collected-at": collectedAt,
  "0009-reinstalls": reinstalls,
  "0010-list-indexes": listIndexes,
  "0011-clones-and-matches": clonesAndMatches,
  "0012-known-keys": knownKeys,
  "0013-lost-sensors": lostSensors,
  "0014-sign-in-addresses-and-names": signInAddressesAndNames,
  "0015-idempotency-and-scopes": idempotencyAndScopes,
  "0016-token-roll-out": tokenRollOut,
  "0017-fleet-counts": fleetCounts,
  "0018-plain-terms": plainTerms,
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
