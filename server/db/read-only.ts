// A second, read-only connection to an embedded database, for threads that read while the server writes.
import { Database as BunDatabase, type SQLQueryBindings } from "bun:sqlite";

export interface ReadOnlySqlite {
  all(sql: string, parameters: readonly unknown[]): unknown[];
  close(): void;
}

/**
 * Requires an existing file that its writer has open or has closed cleanly. Each statement sees everything
 * that was committed before it.
 */
export function openReadOnlySqlite(file: string): ReadOnlySqlite {
  const sqlite = new BunDatabase(file, { readonly: true, strict: true });
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA query_only = ON");
  // In KiB. Enough for the index pages of a large fleet.
  sqlite.run("PRAGMA cache_size = -32768");
  return {
    all: (sql, parameters) => sqlite.query(sql).all(...(parameters as SQLQueryBindings[])),
    close: () => sqlite.close(),
  };
}
