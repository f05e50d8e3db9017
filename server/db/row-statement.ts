// Statements over the rows of a batch, each built once for each database.
import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import { prepareOften, sendAhead } from "./prepared.ts";
import type { Database } from "./schema.ts";
import { KEPT } from "./sqlite.ts";

export type Columns<Row> = {
  [Name in keyof Row & string]: Row[Name] extends number | null ? "bigint" : "text";
};

/**
 * On PostgreSQL, a statement has an array for each column. On SQLite, it has a parameter for each value. Both
 * cost less than reading the values from JSON. A statement of SQLite has as many rows as one of these, or as
 * parameters allow, and leaves out those without values.
 */
const SIZES = [1, 4, 16, 64, 100, 150, 200, 256, 400, 512, 800, 1_200, 1_800];
/** In the text of a statement, in place of its rows. */
const ROWS = "{rows}";
/** More rows need several statements. */
const MAX_PARAMETERS = 8_192;

interface RowStatementOptions<Row> {
  /** Columns whose values are often the same in all rows, and then have one parameter. Not the first one. */
  shared?: readonly (keyof Row & string)[];
  /** The result is not used. See `sendAhead` about errors. */
  isUnread?: boolean;
}

type Run<Row, Result> = (db: Database, rows: readonly Row[]) => Promise<Result[]>;
type Build<Result> = (db: Database, rows: RawBuilder<unknown>) => CompiledQuery<Result>;

/**
 * Returns a function that executes a statement with a table of rows, and returns the rows of its result, with
 * the names that the statement gives to their columns. `build` is called a few times for each dialect and
 * size, and depends on nothing else. The first column is never null. The table is the only part of the
 * statement with parameters.
 */
export function rowStatement<Row extends object, Result>(
  columns: Columns<Row>,
  build: Build<Result>,
  { shared = [], isUnread = false }: RowStatementOptions<Row> = {},
): Run<Row, Result> {
  const separate = statementOf<Row, Result>(columns, { shared: [], isUnread }, build);
  if (shared.length === 0) return separate;
  const together = statementOf<Row, Result>(columns, { shared, isUnread }, build);
  return async (db, rows) => {
    const [first] = rows;
    const areSame = first && rows.every((row) => shared.every((name) => row[name] === first[name]));
    return await (areSame ? together : separate)(db, rows);
  };
}

/** The values of the shared columns are those of the first row. */
function statementOf<Row extends object, Result>(
  columns: Columns<Row>,
  { shared, isUnread }: Required<RowStatementOptions<Row>>,
  build: Build<Result>,
): Run<Row, Result> {
  const keys = (Object.keys(columns) as (keyof Row & string)[]).filter((key) => !shared.includes(key));
  const most = Math.floor(MAX_PARAMETERS / keys.length);
  const sizes = [...SIZES.filter((size) => size < most), most];
  const bySize = new Map<number, CompiledQuery<Result>>();
  let ofArrays: CompiledQuery<Result> | undefined;

  /** Repeats the text of a row. Compiling the statement with all rows would take 20 ms. */
  function compile(db: Database, size: number): CompiledQuery<Result> {
    const names = [
      ...shared.map((key) => sql`${sql.val(null)} as ${sql.ref(key)}`),
      ...keys.map((key, at) => sql`${sql.raw(`column${at + 1}`)} as ${sql.ref(key)}`),
    ];
    const table = sql`(select ${sql.join(names)} from (values ${sql.raw(ROWS)}) where column1 is not null)`;
    const row = `(${keys.map(() => "?").join(", ")})`;
    const query = build(db, table);
    return { ...query, sql: KEPT + query.sql.replace(ROWS, new Array(size).fill(row).join(", ")) };
  }

  async function withValues(db: Database, rows: readonly Row[]): Promise<Result[]> {
    const size = sizes.find((one) => one >= rows.length)!;
    const query = bySize.get(size) ?? compile(db, size);
    bySize.set(size, query);
    const parameters: unknown[] = new Array(shared.length + size * keys.length).fill(null);
    let place = 0;
    for (const key of shared) parameters[place++] = rows[0]![key];
    for (const row of rows) for (const key of keys) parameters[place++] = row[key];
    return (await db.withoutPlugins().executeQuery<Result>({ ...query, parameters })).rows;
  }

  function compileArrays(db: Database): CompiledQuery<Result> {
    // In subqueries, so that the planner does not see how many rows there are. Otherwise it plans each batch
    // again, because the plan for few rows looks cheaper.
    const arrays = keys.map((key) => sql`(select ${sql.val(null)}::${sql.raw(columns[key])}[])`);
    const values = shared.map((key) => sql`${sql.val(null)}::${sql.raw(columns[key])} as ${sql.ref(key)}, `);
    const names = keys.map((key) => sql.ref(key));
    const table = sql`(select ${sql.join(values, sql``)} array_row.*
      from unnest(${sql.join(arrays)}) as array_row (${sql.join(names)}))`;
    const query = build(db, table);
    prepareOften(query.sql);
    if (isUnread) sendAhead(query.sql);
    return query;
  }

  async function withArrays(db: Database, rows: readonly Row[]): Promise<Result[]> {
    ofArrays ??= compileArrays(db);
    const parameters = [
      ...shared.map((key) => rows[0]![key]),
      ...keys.map((key) => arrayLiteral(rows.map((row) => row[key]))),
    ];
    return (await db.withoutPlugins().executeQuery<Result>({ ...ofArrays, parameters })).rows;
  }

  return async (db, rows) => {
    if (rows.length === 0) return [];
    if (dialectOf(db) === "postgres") return await withArrays(db, rows);
    if (rows.length <= most) return await withValues(db, rows);
    const results: Result[] = [];
    for (let start = 0; start < rows.length; start += most)
      results.push(...(await withValues(db, rows.slice(start, start + most))));
    return results;
  };
}

/** Escapes of JSON with another meaning in an array of PostgreSQL. */
const OTHER_ESCAPE = /\\[bfnrtu]/;

/**
 * Returns texts, numbers and nulls as an array of PostgreSQL. The driver writes those with rare characters,
 * which takes it longer.
 */
function arrayLiteral(values: readonly unknown[]): string | readonly unknown[] {
  const json = JSON.stringify(values);
  return OTHER_ESCAPE.test(json) ? values : `{${json.slice(1, -1)}}`;
}
