// Opens the database that the configuration names and brings it to the newest schema.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CamelCasePlugin, Kysely, SqliteDialect, sql } from "kysely";
import { migrate } from "./migrate.ts";
import { postgresDialect } from "./postgres.ts";
import { openReadOnlySqlite } from "./read-only.ts";
import type { Database, Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";

export interface DatabaseLocation {
  /** Folder that holds `attacklens.db`; made when it does not exist, readable by its owner only. */
  dataDir: string;
  /** `postgres://…`; when present the data folder holds no database. */
  databaseUrl?: string;
  maxConnections?: number;
}

/** Connects and migrates. Throws when another, newer release has migrated further than this one knows. */
export async function openDatabase(
  location: DatabaseLocation,
  onIdleError: (error: Error) => void = () => {},
): Promise<Database> {
  const db = connect(location, onIdleError);
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** One round trip. Throws when the database does not answer. */
export async function ping(db: Database): Promise<void> {
  await sql`select 1`.execute(db);
}

/** For a thread that reads: one connection, which migrates nothing. The database is there already. */
export function connectReadOnly({ dataDir, databaseUrl }: DatabaseLocation): Database {
  if (databaseUrl) return connect({ dataDir, databaseUrl, maxConnections: 1 }, () => {});
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
  return new Kysely<Schema>({ dialect, plugins: [new CamelCasePlugin()] });
}

export function sqliteFile(dataDir: string): string {
  return join(dataDir, "attacklens.db");
}

function connect(location: DatabaseLocation, onIdleError: (error: Error) => void): Database {
  const plugins = [new CamelCasePlugin()];
  if (location.databaseUrl) {
    return new Kysely<Schema>({
      dialect: postgresDialect(location.databaseUrl, location.maxConnections ?? 10, onIdleError),
      plugins,
    });
  }
  mkdirSync(location.dataDir, { recursive: true, mode: 0o700 });
  return new Kysely<Schema>({ dialect: sqliteDialect(sqliteFile(location.dataDir)), plugins });
}
