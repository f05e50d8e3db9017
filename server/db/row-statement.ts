// Statements over the rows of a batch, each built once for each database.
import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { dialectOf, jsonRows } from "./dialect.ts";
import type { Database } from "./schema.ts";
import { KEPT } from "./sqlite.ts";
import { statement } from "./statement.ts";

export type Columns<Row> = {
  [Name in keyof Row & string]: Row[Name] extends number | null ? "bigint" : "text";
};

/**
 * On SQLite, a statement has a parameter for each value, which costs a third of reading the values from JSON.
 * It has as many rows as one of these, or as parameters allow, and leaves out those without values.
 */
const SIZES = [1, 4, 16, 64, 256];
/** More rows need several statements. */
const MAX_PARAMETERS = 8_192;

/**
 * Returns a function that executes a statement with a table of rows, and returns the rows of its result.
 * `build` is called once for each dialect and size, and depends on nothing else. The first column is never
 * null. On SQLite, the table is the only part of the statement with parameters.
 */
export function rowStatement<Row extends object, Result>(
  columns: Columns<Row>,
  build: (db: Database, rows: RawBuilder<unknown>) => CompiledQuery<Result>,
): (db: Database, rows: readonly Row[]) => Promise<Result[]> {
  const keys = Object.keys(columns) as (keyof Row & string)[];
  const most = Math.floor(MAX_PARAMETERS / keys.length);
  const sizes = [...SIZES.filter((size) => size < most), most];
  const bySize = new Map<number, CompiledQuery<Result>>();
  const withJson = statement<{ rows: string }, Result>((db, place) =>
    build(db, jsonRows(db, place("rows"), columns)),
  );

  function compile(db: Database, size: number): CompiledQuery<Result> {
    const row = sql`(${sql.join(keys.map(() => sql.val(null)))})`;
    const names = keys.map((name, at) => sql`${sql.raw(`column${at + 1}`)} as ${sql.ref(name)}`);
    const rows = Array.from({ length: size }, () => row);
    const table = sql`(select ${sql.join(names)} from (values ${sql.join(rows)}) where column1 is not null)`;
    const query = build(db, table);
    return { ...query, sql: KEPT + query.sql };
  }

  async function withValues(db: Database, rows: readonly Row[]): Promise<Result[]> {
    const size = sizes.find((one) => one >= rows.length)!;
    const query = bySize.get(size) ?? compile(db, size);
    bySize.set(size, query);
    const parameters: unknown[] = new Array(size * keys.length).fill(null);
    let place = 0;
    for (const row of rows) for (const key of keys) parameters[place++] = row[key];
    return (await db.executeQuery<Result>({ ...query, parameters })).rows;
  }

  return async (db, rows) => {
    if (rows.length === 0) return [];
    if (dialectOf(db) === "postgres") return await withJson(db, { rows: JSON.stringify(rows) });
    if (rows.length <= most) return await withValues(db, rows);
    const results: Result[] = [];
    for (let start = 0; start < rows.length; start += most)
      results.push(...(await withValues(db, rows.slice(start, start + most))));
    return results;
  };
}
