// What differs between the two databases, and nothing else: which one it is, row locks, and how a refused duplicate looks.
import { type Kysely, PostgresAdapter, type RawBuilder, sql } from "kysely";

export const DIALECTS = ["sqlite", "postgres"] as const;
export type Dialect = (typeof DIALECTS)[number];

// biome-ignore lint/suspicious/noExplicitAny: a migration's database has no schema type yet
export function dialectOf(db: Kysely<any>): Dialect {
  return db.getExecutor().adapter instanceof PostgresAdapter ? "postgres" : "sqlite";
}

/** Locks the rows that a query reads until the transaction ends. On SQLite the transaction holds the only write lock already. */
export function lockRows<Q extends { forUpdate(): Q }>(db: Kysely<never> | object, query: Q): Q {
  return dialectOf(db as Kysely<never>) === "postgres" ? query.forUpdate() : query;
}

/**
 * A column by which no index is chosen. SQLite takes any index for a better one than that of the order, however many rows have the
 * value; PostgreSQL knows how many have it.
 */
export function unindexed<T>(db: Kysely<never> | object, column: string): RawBuilder<T> {
  return dialectOf(db as Kysely<never>) === "sqlite"
    ? sql<T>`+${sql.ref(column)}`
    : sql<T>`${sql.ref(column)}`;
}

/** True when a statement was refused because a unique key exists already. */
export function isDuplicate(error: unknown): boolean {
  const code = errorCode(error);
  return code === "23505" || code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY";
}

/** True when the same transaction may succeed if it is run again: a lock was not had, or two transactions crossed. */
export function isTransient(error: unknown): boolean {
  const code = errorCode(error);
  return code === "40001" || code === "40P01" || code === "SQLITE_BUSY" || code === "SQLITE_BUSY_SNAPSHOT";
}

/** True when the database cannot be reached or cannot write now: full disk, connections refused or cut. */
export function isOutage(error: unknown): boolean {
  const code = errorCode(error) ?? "";
  const message = error instanceof Error ? error.message : "";
  return (
    // pg gives these no code.
    /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect)/.test(message) ||
    /^(08|53|57P0)/.test(code) ||
    [
      "ECONNREFUSED",
      "ECONNRESET",
      "ENOTFOUND",
      "ETIMEDOUT",
      "SQLITE_FULL",
      "SQLITE_IOERR",
      "SQLITE_READONLY",
    ].includes(code) ||
    code.startsWith("SQLITE_IOERR")
  );
}

/** What keeps the server from using its database, for the person who starts it; undefined when it is something else. */
export function explainDatabase(error: unknown): string | undefined {
  const code = errorCode(error) ?? "";
  if (code === "ENOSPC" || code === "SQLITE_FULL" || code === "53100") {
    return "Cannot write the data: no space left on the device; nothing was changed";
  }
  if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT") {
    return "Cannot open the database: attacklens.db is damaged or no database; it was left as it is\nhint: restore it from a backup";
  }
  if (code === "ECONNREFUSED")
    return "Cannot reach PostgreSQL: nothing listens at the address in DATABASE_URL";
  if (code === "28P01" || code === "28000")
    return "Cannot open the database: PostgreSQL refuses the user or password in DATABASE_URL";
  return code === "3D000"
    ? "Cannot open the database: PostgreSQL has none of the name in DATABASE_URL"
    : undefined;
}

function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
