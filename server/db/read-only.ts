// A second, read-only connection to an embedded database, for threads that read while the server writes.
import { Database as BunDatabase, type SQLQueryBindings } from "bun:sqlite";

export interface ReadOnlySqlite {
  all(sql: string, parameters: readonly unknown[]): unknown[];
  close(): void;
}

/**
 * The file exists, and its writer has it open or has closed it in order. Each statement sees what was
 * committed before it.
 */
export function openReadOnlySqlite(file: string): ReadOnlySqlite {
  const sqlite = new BunDatabase(file, { readonly: true, strict: true });
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA query_only = ON");
  // In KiB: the pages of the indexes of a large fleet.
  sqlite.run("PRAGMA cache_size = -32768");
  return {
    all: (sql, parameters) => sqlite.query(sql).all(...(parameters as SQLQueryBindings[])),
    close: () => sqlite.close(),
  };
}
