// SQLite through bun:sqlite, adapted to Kysely's dialect.
import { Database as BunDatabase, type SQLQueryBindings } from "bun:sqlite";
import { SqliteAdapter, SqliteDialect } from "kysely";

export interface SqliteOptions {
  /** Makes the file when it does not exist. */
  create: boolean;
}

/**
 * SQLite's DDL takes part in transactions; Kysely's own adapter denies it, and would commit each statement
 * alone.
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
 * Opens the file, or a database in memory for `:memory:`. WAL with synchronous=FULL: an acknowledged commit
 * survives a power cut. Throws what SQLite says when the file is no database or cannot be written.
 */
export function sqliteDialect(file: string, { create }: SqliteOptions): SqliteDialect {
  // The file and its journal hold password hashes: they are its owner's alone, whatever the folder allows.
  process.umask(0o077);
  const sqlite = new BunDatabase(file, { readwrite: true, create, strict: true });
  sqlite.run("PRAGMA busy_timeout = 5000");
  sqlite.run("PRAGMA journal_mode = WAL");
  sqlite.run("PRAGMA synchronous = FULL");
  sqlite.run("PRAGMA foreign_keys = ON");
  return new TransactionalDialect({
    database: {
      close: () => sqlite.close(),
      prepare(sql) {
        // Takes the write lock at once: a transaction that reads first and writes later would fail when
        // another process wrote between.
        const statement = sqlite.query(sql === "begin" ? "begin immediate" : sql);
        const bindings = (parameters: readonly unknown[]) => parameters as SQLQueryBindings[];
        const run = (parameters: readonly unknown[]) => statement.run(...bindings(parameters));
        return {
          reader: statement.columnNames.length > 0,
          all: (parameters) => statement.all(...bindings(parameters)),
          // A full disk ends the transaction automatically. Another rollback would hide the cause.
          run: (parameters) =>
            sql === "rollback" && !sqlite.inTransaction
              ? { changes: 0, lastInsertRowid: 0 }
              : run(parameters),
          iterate: (parameters) => statement.iterate(...bindings(parameters)) as IterableIterator<unknown>,
        };
      },
    },
  });
}
