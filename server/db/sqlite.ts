// SQLite with bun:sqlite, adapted to Kysely's dialect.
import { Database as BunDatabase, type SQLQueryBindings } from "bun:sqlite";
import { SqliteAdapter, SqliteDialect, type SqliteStatement } from "kysely";
import { setBounded } from "../bounded-map.ts";

/** `bun:sqlite` keeps the first 20 statements for ever, and prepares any other at each call. */
const MAX_KEPT = 200;
/** In KiB. With SQLite's 2 MiB, a batch of enrollments would write pages twice, and read most of them. */
const MAX_CACHE = 16 * 1024;
/**
 * Pages of 4 KiB in the WAL before they are written to the file: 16 MiB. With SQLite's 4 MiB, each batch of
 * enrollments would write them.
 */
const CHECKPOINT_PAGES = 4_096;
/** Few longer statements are executed twice, except those that begin with `KEPT`. */
const MAX_KEPT_LENGTH = 4_000;
export const KEPT = "/* kept */";

export interface SqliteOptions {
  /** Creates the file if it does not exist. */
  create: boolean;
}

/**
 * SQLite supports DDL in transactions. Kysely's adapter states the opposite, and would commit each statement.
 */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class TransactionalDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/**
 * Opens the file, or an in-memory database for `:memory:`. Uses WAL with synchronous=FULL, so that an
 * acknowledged commit survives a power failure. Throws the error of SQLite if the file is not a database or
 * is read-only.
 */
export function sqliteDialect(file: string, { create }: SqliteOptions): SqliteDialect {
  // The file and its journal contain password hashes, so only the owner may read them.
  process.umask(0o077);
  const sqlite = new BunDatabase(file, { readwrite: true, create, strict: true });
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA journal_mode = WAL");
  sqlite.run("PRAGMA synchronous = FULL");
  sqlite.run("PRAGMA foreign_keys = ON");
  sqlite.run(`PRAGMA cache_size = -${MAX_CACHE}`);
  // Otherwise SQLite writes the pages that a statement with many rows changes to a file, to undo it.
  sqlite.run("PRAGMA temp_store = MEMORY");
  sqlite.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  // With an open statement, SQLite would keep the file open when it is closed, and leave its WAL behind.
  const kept = new Map<string, Prepared>();
  return new TransactionalDialect({
    database: {
      close() {
        for (const statement of kept.values()) statement.finalize();
        sqlite.close();
      },
      prepare(sql) {
        const statement = kept.get(sql) ?? prepare(sqlite, sql);
        if (sql.length <= MAX_KEPT_LENGTH || sql.startsWith(KEPT))
          setBounded(kept, sql, statement, MAX_KEPT)?.finalize();
        return statement;
      },
    },
  });
}

interface Prepared extends SqliteStatement {
  finalize(): void;
}

function prepare(sqlite: BunDatabase, sql: string): Prepared {
  // Takes the write lock at once. Otherwise a transaction that reads first would fail at its first write if
  // another process wrote in the meantime.
  const statement = sqlite.prepare(sql === "begin" ? "begin immediate" : sql);
  const bindings = (parameters: readonly unknown[]) => parameters as SQLQueryBindings[];
  return {
    reader: statement.columnNames.length > 0,
    all: (parameters) => statement.all(parameters as never),
    // A full disk ends the transaction automatically. Another rollback would hide the cause.
    run: (parameters) =>
      sql === "rollback" && !sqlite.inTransaction
        ? { changes: 0, lastInsertRowid: 0 }
        : statement.run(parameters as never),
    iterate: (parameters) => statement.iterate(...bindings(parameters)) as IterableIterator<unknown>,
    finalize: () => statement.finalize(),
  };
}
