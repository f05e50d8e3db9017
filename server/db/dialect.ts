// Everything that differs between the two databases: which one it is, row locks, error codes.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { type Kysely, PostgresAdapter, type RawBuilder, type SqlBool, sql } from "kysely";
import { isOutdatedStatement } from "./prepared.ts";
import type { Database } from "./schema.ts";

export const DIALECTS = ["sqlite", "postgres"] as const;
export type Dialect = (typeof DIALECTS)[number];

// biome-ignore lint/suspicious/noExplicitAny: a migration's database has no schema type yet
export function dialectOf(db: Kysely<any>): Dialect {
  return db.getExecutor().adapter instanceof PostgresAdapter ? "postgres" : "sqlite";
}

/**
 * Locks the rows that a query reads until the transaction ends. On SQLite, the transaction already holds the
 * only write lock.
 */
export function lockRows<Q extends { forUpdate(): Q }>(db: Kysely<never> | object, query: Q): Q {
  return dialectOf(db as Kysely<never>) === "postgres" ? query.forUpdate() : query;
}

/** Leaves out rows that another transaction changes, and locks the others. */
export function skipLockedRows<Q extends { forUpdate(): { skipLocked(): Q } }>(
  db: Kysely<never> | object,
  query: Q,
): Q {
  return dialectOf(db as Kysely<never>) === "postgres" ? query.forUpdate().skipLocked() : query;
}

/** Returns true if no other server can use the database. An SQLite file has one server. */
export function hasOneServer(db: Database): boolean {
  return dialectOf(db) === "sqlite";
}

/**
 * Returns a column for which SQLite chooses no index. SQLite prefers any index to that of the order, for any
 * number of matching rows. PostgreSQL knows their number and needs no hint.
 */
export function unindexed<T>(db: Kysely<never> | object, column: string): RawBuilder<T> {
  return dialectOf(db as Kysely<never>) === "sqlite"
    ? sql<T>`+${sql.ref(column)}`
    : sql<T>`${sql.ref(column)}`;
}

/**
 * Returns the clause that makes SQLite read a table by this index. SQLite counts the columns of each index
 * that a condition has, and takes the wrong one of two with as many.
 */
export function byIndex(db: Kysely<never> | object, index: string): RawBuilder<unknown> {
  return dialectOf(db as Kysely<never>) === "sqlite" ? sql`indexed by ${sql.id(index)}` : sql``;
}

/**
 * jsonb_each gives parsed objects, so that no object is parsed again for each of its columns. On macOS, Bun
 * uses the system's SQLite, which may be too old for it.
 */
const JSON_EACH = sql.raw(process.platform === "darwin" ? "json_each" : "jsonb_each");

/**
 * Returns a JSON array of objects as a table with these columns, which needs only one parameter for any
 * number of rows. Members have the names in `columns`. The value of a column of bytes is hexadecimal.
 */
export function jsonRows(
  db: Database,
  json: string | RawBuilder<string>,
  columns: Readonly<Record<string, "text" | "bigint" | "bytes">>,
): RawBuilder<unknown> {
  const isPostgres = dialectOf(db) === "postgres";
  const values = Object.entries(columns).map(([name, type]) => {
    // Raw, because the plug-in that translates names would change it.
    const member = isPostgres ? sql.raw(`"${name}"`) : sql`value ->> ${sql.lit(name)}`;
    const bytes = isPostgres ? sql`decode(${member}, 'hex')` : sql`unhex(${member})`;
    return sql`${type === "bytes" ? bytes : member} as ${sql.ref(name)}`;
  });
  const members = Object.entries(columns).map(
    ([name, type]) => `"${name}" ${type === "bytes" ? "text" : type}`,
  );
  return isPostgres
    ? sql`(select ${sql.join(values)}
        from json_to_recordset(${json}::json) as json_row (${sql.raw(members.join(", "))}))`
    : sql`(select ${sql.join(values)} from ${JSON_EACH}(${json}))`;
}

/** Returns texts, or a JSON array of them, as a table with the column `value`, which needs one parameter. */
export function texts(db: Database, values: readonly string[] | RawBuilder<string>): RawBuilder<unknown> {
  const json = "toOperationNode" in values ? values : JSON.stringify(values);
  return dialectOf(db) === "sqlite"
    ? sql`(select value from json_each(${json}))`
    : sql`(select value collate "C" as value from json_array_elements_text(${json}::json) as value)`;
}

/** Returns whether a text has only characters of ASCII. */
export function hasOnlyAscii(db: Database, text: RawBuilder<string>): RawBuilder<boolean> {
  return dialectOf(db) === "sqlite"
    ? sql<boolean>`length(${text}) = length(cast(${text} as blob))`
    : sql<boolean>`char_length(${text}) = octet_length(${text})`;
}

/** Returns a text whose letters of ASCII are in lower case, in any locale. */
export function lowerAscii(db: Database, text: RawBuilder<string>): RawBuilder<string> {
  return dialectOf(db) === "sqlite" ? sql<string>`lower(${text})` : sql<string>`lower(${text} collate "C")`;
}

/** Returns whether a column has one of the values of a query. Reads the rows by the index of the column. */
export function isOneOf(db: Database, column: RawBuilder<unknown>, query: RawBuilder<unknown>) {
  return dialectOf(db) === "sqlite"
    ? sql<boolean>`${column} in (${query})`
    : sql<boolean>`${column} = any (array(${query}))`;
}

/** Returns the rows of a subquery with these columns as one value, for `parseRows`. */
export function rowsAsJson(db: Database, columns: readonly string[], query: RawBuilder<unknown>) {
  const names = sql.join(columns.map((name) => sql.id(name)));
  return dialectOf(db) === "sqlite"
    ? sql`(select json_group_array(json_array(${names})) from (${query}) as some)`
    : sql`(select coalesce(json_agg(json_build_array(${names})), '[]'::json) from (${query}) as first_rows)`;
}

/** Returns bytes as hexadecimal text in lower case. */
export function asHex(db: Database, bytes: RawBuilder<unknown>): RawBuilder<string> {
  return dialectOf(db) === "sqlite"
    ? sql<string>`lower(hex(${bytes}))`
    : sql<string>`encode(${bytes}, 'hex')`;
}

/** Returns an array for each row. PostgreSQL's driver has parsed it. */
export function parseRows(value: unknown): unknown[][] {
  return (typeof value === "string" ? JSON.parse(value) : value) as unknown[][];
}

/**
 * Compares a column with the values of a JSON array, which needs only one parameter for any number of values.
 * Reads the rows by the index of the column.
 */
export function isAmong(
  db: Database,
  column: string,
  json: string | RawBuilder<string>,
): RawBuilder<SqlBool> {
  return dialectOf(db) === "postgres"
    ? sql`${sql.ref(column)} = any(array(select value from json_array_elements_text(${json}::json)))`
    : sql`${sql.ref(column)} in (select value from json_each(${json}))`;
}

/**
 * Returns the rows of a table whose column has one of the hexadecimal values of a JSON array, as a table.
 * Reads each by the index of the column. PostgreSQL may have planned `isAmong` while the table was small, and
 * then reads the whole table at each call. `also`: a further condition.
 */
export function rowsByKeys(
  db: Database,
  table: string,
  column: string,
  json: RawBuilder<string>,
  also: RawBuilder<unknown> = sql``,
): RawBuilder<unknown> {
  const [from, key] = [sql.table(table), sql.ref(column)];
  return dialectOf(db) === "postgres"
    ? sql`(select found.* from json_array_elements_text(${json}::json) as wanted
        cross join lateral (select * from ${from} where ${key} = decode(wanted.value, 'hex') ${also} offset 0)
          as found)`
    : sql`(select found.* from json_each(${json}) as wanted
        cross join ${from} as found on found.${key} = unhex(wanted.value) ${also})`;
}

/** Like `rowsByKeys`, for the ids of another query. */
export function rowsByIds(db: Database, table: string, ids: RawBuilder<unknown>): RawBuilder<unknown> {
  const from = sql.table(table);
  return dialectOf(db) === "postgres"
    ? sql`(select found.* from ${ids} as wanted
        cross join lateral (select * from ${from} where id = wanted.id offset 0) as found)`
    : sql`(select found.* from ${ids} as wanted cross join ${from} as found on found.id = wanted.id)`;
}

/**
 * Locks migrations until the transaction ends, so that one server migrates at a time. On SQLite, the
 * transaction already holds the only write lock.
 */
export async function lockMigrations(tx: Database): Promise<void> {
  if (dialectOf(tx) === "postgres")
    await sql`select pg_advisory_xact_lock(hashtext('attacklens migrations'))`.execute(tx);
}

/**
 * Throws the error of PostgreSQL if no table can be created, e.g. on a standby. The migrator would hide this
 * error: it queries again whether its tables exist, and throws that the transaction is aborted.
 */
export async function requireTables(tx: Database): Promise<void> {
  if (dialectOf(tx) !== "postgres") return;
  await sql`create table attacklens_probe (probe integer)`.execute(tx);
  await sql`drop table attacklens_probe`.execute(tx);
}

/** Returns the names of the applied migrations in their order, or none for a new database. */
export async function listAppliedMigrations(db: Database): Promise<string[]> {
  const table =
    dialectOf(db) === "postgres"
      ? sql`select 1 from pg_tables where schemaname = current_schema() and tablename = 'kysely_migration'`
      : sql`select 1 from sqlite_master where type = 'table' and name = 'kysely_migration'`;
  if ((await table.execute(db)).rows.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/**
 * Returns a line for each table with its columns and for each index, except those of SQLite and of the
 * migrator. SQLite only.
 */
export async function listColumnsAndIndexes(db: Database): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select type || ' ' || name || ' ' || coalesce(
      (select group_concat(name) from (select name from pragma_table_info(entry.name) order by name)), '') as line
    from sqlite_master as entry
    where name not like 'kysely%' and name not like 'sqlite%' order by line`.execute(db);
  return rows.map(({ line }) => line);
}

/** Returns true if a statement was refused because a unique key already exists. */
export function isDuplicate(error: unknown): boolean {
  const code = errnoCode(error);
  return code === "23505" || code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY";
}

/**
 * Returns true if the transaction may succeed when it runs again: after a lock timeout, a deadlock, a
 * conflict, or a migration by another server.
 */
export function isTransient(error: unknown): boolean {
  const code = errnoCode(error);
  return (
    ["40001", "40P01", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT"].includes(code ?? "") ||
    isOutdatedStatement(error)
  );
}

/** The messages of pg for a lost, timed-out or closed connection. */
const LOST_CONNECTION =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|timeout expired|Client (has encountered a connection error|was closed)|Cannot use a pool after calling end)/;

/** Errors of failed connections. All of them mean an outage, for any cause. */
const connectionErrors = new WeakSet<object>();

/**
 * Marks the error of a failed connection as an outage, e.g. after a changed password or an expired
 * certificate.
 */
export function markOutage(error: unknown): void {
  if (typeof error === "object" && error !== null) connectionErrors.add(error);
}

/** Returns true if the database is unreachable or cannot write: full disk, refused or lost connections. */
export function isOutage(error: unknown): boolean {
  if (typeof error === "object" && error !== null && connectionErrors.has(error)) return true;
  const code = errnoCode(error) ?? "";
  const message = error instanceof Error ? error.message : "";
  return (
    // These errors of pg have no code.
    LOST_CONNECTION.test(message) ||
    // Connections, resources, operator intervention, disk errors, a read-only database, a transaction
    // timeout, and revoked privileges (PostgreSQL, appendix A).
    /^(08|53|57|58|25006|25P0[34]|42501)/.test(code) ||
    [
      "ECONNREFUSED",
      "ECONNRESET",
      "EPIPE",
      "EHOSTUNREACH",
      "ENETUNREACH",
      "ENOTFOUND",
      "EAI_AGAIN",
      "ETIMEDOUT",
      "SQLITE_BUSY",
      "SQLITE_CANTOPEN",
      "SQLITE_FULL",
      "SQLITE_CORRUPT",
      "SQLITE_NOTADB",
      "SQLITE_IOERR",
      "SQLITE_READONLY",
    ].includes(code) ||
    /^SQLITE_(IOERR|READONLY|CANTOPEN|BUSY)_/.test(code)
  );
}
