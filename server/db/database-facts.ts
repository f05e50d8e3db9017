// Kind, version and size of the database.
import { sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import type { Database } from "./schema.ts";

export interface DatabaseFacts {
  kind: "SQLite" | "PostgreSQL";
  version: string;
  sizeBytes: number;
  /** The largest fleet that the database is recommended for (docs/scale.md); undefined: any. */
  mostSensors: number | undefined;
}

const MOST_SENSORS = { sqlite: 100_000, postgres: undefined };

export async function readDatabaseFacts(db: Database): Promise<DatabaseFacts> {
  const isSqlite = dialectOf(db) === "sqlite";
  const query = isSqlite
    ? sql<Row>`select sqlite_version() as version, page_count * page_size as size_bytes
        from pragma_page_count(), pragma_page_size()`
    : sql<Row>`select current_setting('server_version') as version,
        pg_database_size(current_database()) as size_bytes`;
  const { version = "", sizeBytes = 0 } = (await query.execute(db)).rows[0] ?? {};
  // Distributions append their own version: `15.18 (Debian 15.18-0+deb12u1)`.
  return {
    kind: isSqlite ? "SQLite" : "PostgreSQL",
    version: version.split(" ")[0]!,
    sizeBytes: Number(sizeBytes),
    mostSensors: MOST_SENSORS[dialectOf(db)],
  };
}

interface Row {
  version: string;
  sizeBytes: number;
}
