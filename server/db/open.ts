// Opens the configured database: for `serve`, which creates it and upgrades its schema, and for the other
// commands, which do neither.

import { existsSync, linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { CamelCasePlugin, Kysely, SqliteDialect, sql } from "kysely";
import { explainHalfMigrated, explainNewerSchema, explainNoDatabase, explainOlderSchema } from "./explain.ts";
import { findWrittenBy, recordWrittenBy } from "./installation.ts";
import { openOnPool } from "./long-work.ts";
import { isHalfMigrated, migrate, readSchemaState } from "./migrate.ts";
import { createSearchIndexes } from "./name-search.ts";
import { type PostgresOptions, postgresPool } from "./postgres.ts";
import { openReadOnlySqlite } from "./read-only.ts";
import type { Database, Schema } from "./schema.ts";
import { refuseToStream, sqliteDialect } from "./sqlite.ts";
import { keepUpgradeCopy, syncPath, UNFINISHED } from "./upgrade-copy.ts";

export interface DatabaseLocation {
  /** The folder of `attacklens.db`. It is created if it does not exist, readable only by its owner. */
  dataDir: string;
  /** `postgres://…`. If present, the data folder contains no database. */
  databaseUrl?: string | undefined;
  /** Connections to PostgreSQL; absent: 10. */
  maxConnections?: number | undefined;
}

export interface OpenOptions {
  /** Receives the error of a lost or failed connection to PostgreSQL. */
  onConnectionError?: (error: Error) => void;
  /**
   * Called before the schema changes. `copy` is the path of a copy of the database; undefined: PostgreSQL.
   */
  onUpgrade?: (upgrade: { from: string; copy: string | undefined }) => void;
  /** Called again while the WAL of SQLite is large. Absent: SQLite copies it into the file. */
  onLargeWal?: (() => void) | undefined;
  /** Called if PostgreSQL has no index for searches. */
  onSlowSearch?: (reason: string) => void;
}

/** How long a command waits for a server that is creating or upgrading the database. */
const WAIT_FOR_SERVER_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * Creates the database if it is missing, and migrates it. Throws DatabaseError without a change if a newer
 * release has migrated it, or if an earlier build left it half migrated.
 */
export async function openDatabase(location: DatabaseLocation, options: OpenOptions = {}): Promise<Database> {
  if (!location.databaseUrl) await createFile(location.dataDir);
  // Migrations have no time limit; other statements have one.
  const { onConnectionError, onLargeWal } = options;
  const first = connect(location, { onConnectionError, onLargeWal, isForMigration: true });
  try {
    await upgrade(first, location, options);
  } catch (error) {
    await first.destroy();
    throw error;
  }
  if (!location.databaseUrl) return first;
  await first.destroy();
  return connect(location, { onConnectionError });
}

/**
 * Opens one more connection to PostgreSQL, for which no other request waits. It stays open, because
 * PostgreSQL may allow fewer connections than the server opens later. Returns undefined if it allows no more
 * now.
 */
export async function openConnection(
  databaseUrl: string,
  onConnectionError: (error: Error) => void,
): Promise<Database | undefined> {
  const options = { onConnectionError, keepsIdle: true };
  const db = connect({ dataDir: "", databaseUrl, maxConnections: 1 }, options);
  try {
    await sql`select 1`.execute(db);
    return db;
  } catch {
    await db.destroy();
    return undefined;
  }
}

/** Opens one connection to an existing database for a thread that reads. Migrates nothing. */
export function connectReadOnly({ dataDir, databaseUrl }: DatabaseLocation): Database {
  if (databaseUrl) return connect({ dataDir, databaseUrl, maxConnections: 1 }, {});
  const sqlite = openReadOnlySqlite(sqliteFile(dataDir));
  const dialect = new SqliteDialect({
    database: {
      close: () => sqlite.close(),
      prepare: (sql) => ({
        reader: true,
        all: (parameters) => sqlite.all(sql, parameters),
        run: () => {
          throw new Error("The connection is for reads alone");
        },
        iterate: refuseToStream,
      }),
    },
  });
  return new Kysely<Schema>({ dialect, plugins });
}

export function sqliteFile(dataDir: string): string {
  return join(dataDir, "attacklens.db");
}

/**
 * Opens the database of a server. Throws DatabaseError if it does not exist, or has the schema of another
 * release.
 */
export async function openExistingDatabase(
  location: DatabaseLocation,
  waitMs = WAIT_FOR_SERVER_MS,
): Promise<Database> {
  const file = sqliteFile(location.dataDir);
  const deadline = Date.now() + waitMs;
  for (;;) {
    const isOver = Date.now() >= deadline;
    if (location.databaseUrl || existsSync(file)) {
      const db = connect(location, {});
      try {
        const { applied, pending, unknown } = await readSchemaState(db);
        if (unknown.length > 0) throw explainNewerSchema(await findWrittenBy(db), unknown.at(-1)!, location);
        if (pending.length === 0) return db;
        if (isOver) throw explainOlderSchema(applied.at(-1), location);
      } catch (error) {
        await db.destroy();
        throw error;
      }
      await db.destroy();
    } else if (isOver) throw explainNoDatabase(location);
    await Bun.sleep(LOOK_EVERY_MS);
  }
}

/** Creates the database under a temporary name first, so that other programs never see an incomplete one. */
async function createFile(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = sqliteFile(dataDir);
  if (existsSync(file)) return;
  const unfinished = join(dataDir, `${UNFINISHED}${process.pid}`);
  try {
    const db = new Kysely<Schema>({ dialect: sqliteDialect(unfinished, { create: true }), plugins });
    try {
      await migrate(db);
      // Closing the database would also write the WAL to the file, but hides the error of a full disk.
      await sql`pragma wal_checkpoint(truncate)`.execute(db);
    } finally {
      await db.destroy();
    }
    syncPath(unfinished);
    linkSync(unfinished, file);
    syncPath(dataDir);
  } catch (error) {
    // Another server that started at the same time created it first.
    if (errnoCode(error) !== "EEXIST") throw error;
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(unfinished + suffix, { force: true });
  }
}

async function upgrade(db: Database, location: DatabaseLocation, options: OpenOptions): Promise<void> {
  const { onUpgrade, onSlowSearch } = options;
  const { applied, pending, unknown } = await readSchemaState(db);
  if (unknown.length > 0) throw explainNewerSchema(await findWrittenBy(db), unknown.at(-1)!, location);
  const from = applied.at(-1);
  if (pending.length > 0) {
    const isEmbedded = !location.databaseUrl;
    const copy = isEmbedded && from ? await keepUpgradeCopy(db, location.dataDir, from) : undefined;
    if (from) onUpgrade?.({ from, copy });
    try {
      await migrate(db);
    } catch (error) {
      if (copy) rmSync(copy, { force: true });
      if (isEmbedded && (await wasHalfMigrated(db))) throw explainHalfMigrated(from, location, error);
      throw error;
    }
  }
  const reason = await createSearchIndexes(db);
  if (reason !== undefined) onSlowSearch?.(reason);
  await recordWrittenBy(db);
}

async function wasHalfMigrated(db: Database): Promise<boolean> {
  const empty = new Kysely<Schema>({ dialect: sqliteDialect(":memory:", { create: true }), plugins });
  try {
    return await isHalfMigrated(db, empty);
  } finally {
    await empty.destroy();
  }
}

const plugins = [new CamelCasePlugin()];

function connect(
  { databaseUrl, dataDir, maxConnections }: DatabaseLocation,
  { onLargeWal, ...options }: PostgresOptions & Pick<OpenOptions, "onLargeWal">,
): Database {
  if (databaseUrl) return openOnPool(postgresPool(databaseUrl, { maxConnections, ...options }));
  const dialect = sqliteDialect(sqliteFile(dataDir), { create: false, onLargeWal });
  return new Kysely<Schema>({ dialect, plugins });
}
