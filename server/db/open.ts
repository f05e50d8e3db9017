// Opens the configured database: for `serve`, which creates it and upgrades it to the newest schema, and for
// the other commands, which use it as it is.

import { existsSync, linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { CamelCasePlugin, Kysely, SqliteDialect, sql } from "kysely";
import { explainHalfMigrated, explainNewerSchema, explainNoDatabase, explainOlderSchema } from "./explain.ts";
import { findWrittenBy, recordWrittenBy } from "./installation.ts";
import { isHalfMigrated, migrate, readSchemaState } from "./migrate.ts";
import { type PostgresOptions, postgresDialect } from "./postgres.ts";
import { openReadOnlySqlite } from "./read-only.ts";
import type { Database, Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";
import { keepUpgradeCopy, syncPath, UNFINISHED } from "./upgrade-copy.ts";

export interface DatabaseLocation {
  /** Folder that holds `attacklens.db`; created when it does not exist, readable by its owner only. */
  dataDir: string;
  /** `postgres://…`; when present the data folder holds no database. */
  databaseUrl?: string | undefined;
  /** Connections to PostgreSQL; 10 when absent. */
  maxConnections?: number | undefined;
}

export interface OpenOptions {
  /** A connection to PostgreSQL was lost, or could not be had. */
  onConnectionError?: (error: Error) => void;
  /**
   * The schema is about to change; `copy` is the path of the database as it was, which PostgreSQL has none
   * of.
   */
  onUpgrade?: (upgrade: { from: string; copy: string | undefined }) => void;
}

/** How long a command waits for a server that creates or upgrades the database at this moment. */
const WAIT_FOR_SERVER_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * Creates what is missing, and migrates. Throws DatabaseError when a newer release has migrated further than
 * this one knows, or when an earlier build left the schema half migrated; then nothing is changed.
 */
export async function openDatabase(location: DatabaseLocation, options: OpenOptions = {}): Promise<Database> {
  if (!location.databaseUrl) await createFile(location.dataDir);
  // A migration may take as long as it needs; other statements may not.
  const first = connect(location, { onConnectionError: options.onConnectionError, isForMigration: true });
  try {
    await upgrade(first, location, options);
  } catch (error) {
    await first.destroy();
    throw error;
  }
  if (!location.databaseUrl) return first;
  await first.destroy();
  return connect(location, { onConnectionError: options.onConnectionError });
}

/** For a thread that reads: one connection, which migrates nothing. The database is there already. */
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
        iterate: (parameters) => sqlite.all(sql, parameters).values() as IterableIterator<unknown>,
      }),
    },
  });
  return new Kysely<Schema>({ dialect, plugins });
}

export function sqliteFile(dataDir: string): string {
  return join(dataDir, "attacklens.db");
}

/**
 * Opens what a server has created. Throws DatabaseError when there is nothing, or its schema is not this
 * release's.
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

/** Makes a new database whole under another name first, so that no other program ever sees a part of it. */
async function createFile(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = sqliteFile(dataDir);
  if (existsSync(file)) return;
  const unfinished = join(dataDir, `${UNFINISHED}${process.pid}`);
  try {
    const db = new Kysely<Schema>({ dialect: sqliteDialect(unfinished, { create: true }), plugins });
    try {
      await migrate(db);
      // Closing would move the log into the file, too, but keeps silent when the disk is full.
      await sql`pragma wal_checkpoint(truncate)`.execute(db);
    } finally {
      await db.destroy();
    }
    syncPath(unfinished);
    linkSync(unfinished, file);
    syncPath(dataDir);
  } catch (error) {
    // Another server that started at the same moment was first.
    if (errnoCode(error) !== "EEXIST") throw error;
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(unfinished + suffix, { force: true });
  }
}

async function upgrade(db: Database, location: DatabaseLocation, { onUpgrade }: OpenOptions): Promise<void> {
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
  options: PostgresOptions,
): Database {
  const dialect = databaseUrl
    ? postgresDialect(databaseUrl, { maxConnections, ...options })
    : sqliteDialect(sqliteFile(dataDir), { create: false });
  return new Kysely<Schema>({ dialect, plugins });
}
