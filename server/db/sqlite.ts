// SQLite with bun:sqlite, adapted to Kysely's dialect.
import { Database as BunDatabase } from "bun:sqlite";
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
/** The same where a thread writes them, which SQLite helps only if the WAL grows nevertheless: 64 MiB. */
const MOST_PAGES = 4 * CHECKPOINT_PAGES;
/** From one look at the size of the WAL to the next. */
const LOOK_MS = 50;
/** On macOS, Bun uses the system's SQLite, which may be too old to show the size of the WAL. */
const SHOWS_SIZE = process.platform !== "darwin";
/** Few longer statements are executed twice, except those that begin with `KEPT`. */
const MAX_KEPT_LENGTH = 4_000;
export const KEPT = "/* kept */";

export interface SqliteOptions {
  /** Creates the file if it does not exist. */
  create: boolean;
  /** Called at most every 50 ms while the WAL has more than 16 MiB that are not in the file. */
  onLargeWal?: (() => void) | undefined;
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
export function sqliteDialect(file: string, { create, onLargeWal }: SqliteOptions): SqliteDialect {
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
  const isWatched = onLargeWal !== undefined && SHOWS_SIZE;
  sqlite.run(`PRAGMA wal_autocheckpoint = ${isWatched ? MOST_PAGES : CHECKPOINT_PAGES}`);
  const watch = isWatched ? watchWal(sqlite, onLargeWal) : undefined;
  // With an open statement, SQLite would keep the file open when it is closed, and leave its WAL behind.
  const kept = new Map<string, Prepared>();
  return new TransactionalDialect({
    database: {
      close() {
        for (const statement of kept.values()) statement.finalize();
        watch?.finalize();
        sqlite.close();
      },
      prepare(sql) {
        watch?.look();
        const statement = kept.get(sql) ?? prepare(sqlite, sql);
        if (sql.length > MAX_KEPT_LENGTH && !sql.startsWith(KEPT)) return once(statement);
        setBounded(kept, sql, statement, MAX_KEPT)?.finalize();
        return statement;
      },
    },
  });
}

/** `look` is called before each statement. */
function watchWal(sqlite: BunDatabase, onLargeWal: () => void) {
  const size = sqlite.prepare<{ log: number; checkpointed: number }, []>("PRAGMA wal_checkpoint(NOOP)");
  let lookAt = 0;
  return {
    look(): void {
      const now = performance.now();
      if (now < lookAt || sqlite.inTransaction) return;
      lookAt = now + LOOK_MS;
      const { log, checkpointed } = size.get()!;
      if (log - checkpointed >= CHECKPOINT_PAGES) onLargeWal();
    },
    finalize: () => size.finalize(),
  };
}

/**
 * For Kysely's streams. A statement that is not read to its end would keep its snapshot and the WAL. While it
 * is open, `watchWal` and statements with the same text would fail.
 */
export function refuseToStream(): never {
  throw new Error("Statements of SQLite are not streamed: read the rows in pages");
}

interface Prepared extends SqliteStatement {
  finalize(): void;
}

/** Finalizes a statement after it was executed. */
function once(statement: Prepared): SqliteStatement {
  function execute<Result>(work: () => Result): Result {
    try {
      return work();
    } finally {
      statement.finalize();
    }
  }
  return {
    reader: statement.reader,
    all: (parameters) => execute(() => statement.all(parameters)),
    run: (parameters) => execute(() => statement.run(parameters)),
    iterate: refuseToStream,
  };
}

function prepare(sqlite: BunDatabase, sql: string): Prepared {
  // Takes the write lock at once. Otherwise a transaction that reads first would fail at its first write if
  // another process wrote in the meantime.
  const statement = sqlite.prepare(sql === "begin" ? "begin immediate" : sql);
  return {
    reader: statement.columnNames.length > 0,
    all: (parameters) => statement.all(parameters as never),
    // A full disk ends the transaction automatically. Another rollback would hide the cause.
    run: (parameters) =>
      sql === "rollback" && !sqlite.inTransaction
        ? { changes: 0, lastInsertRowid: 0 }
        : statement.run(parameters as never),
    iterate: refuseToStream,
    finalize: () => statement.finalize(),
  };
}
