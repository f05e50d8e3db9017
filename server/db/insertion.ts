// Inserts of frequent requests: each is built once for each database, and a whole batch has few statements.
import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { dialectOf, jsonRows } from "./dialect.ts";
import type { Database, Schema } from "./schema.ts";
import { KEPT } from "./sqlite.ts";
import { statement } from "./statement.ts";

type Columns<Row> = {
  [Name in keyof Row & string]: Row[Name] extends number | null ? "bigint" : "text";
};

/**
 * On SQLite, a statement has a parameter for each value, which costs a third of reading the values from JSON.
 * It has as many rows as one of these, or as parameters allow, and leaves out those without values.
 */
const SIZES = [1, 16, 64, 256];
/** More rows need several statements. */
const MAX_PARAMETERS = 8_192;

/**
 * Returns a function that inserts rows with these columns. Other columns get their defaults. The first column
 * is never null.
 */
export function insertion<Row extends object>(
  table: keyof Schema,
  columns: Columns<Row>,
  onConflict: "throw" | "skip" = "throw",
): (db: Database, rows: readonly Row[]) => Promise<void> {
  const keys = Object.keys(columns) as (keyof Row)[];
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)));
  // Without a condition, SQLite takes the clause of conflicts for a join.
  const rest = sql.raw(onConflict === "skip" ? "where true on conflict do nothing" : "");
  const insertJson = statement<{ rows: string }, never>((db, place) =>
    sql<never>`insert into ${sql.table(table)} (${names})
      select ${names} from ${jsonRows(db, place("rows"), columns)} as added ${rest}`.compile(db),
  );
  const most = Math.floor(MAX_PARAMETERS / keys.length);
  const sizes = [...SIZES.filter((size) => size < most), most];
  const bySize = new Map<number, CompiledQuery<never>>();

  function compile(db: Database, size: number): CompiledQuery<never> {
    const row = sql`(${sql.join(keys.map(() => sql.val(null)))})`;
    const rows: RawBuilder<unknown>[] = Array.from({ length: size }, () => row);
    const skip = sql.raw(onConflict === "skip" ? "on conflict do nothing" : "");
    return sql<never>`${sql.raw(KEPT)} insert into ${sql.table(table)} (${names})
      select * from (values ${sql.join(rows)}) where column1 is not null ${skip}`.compile(db);
  }

  async function insertValues(db: Database, rows: readonly Row[]): Promise<void> {
    const size = sizes.find((one) => one >= rows.length)!;
    const query = bySize.get(size) ?? compile(db, size);
    bySize.set(size, query);
    const parameters: unknown[] = new Array(size * keys.length).fill(null);
    let place = 0;
    for (const row of rows) for (const key of keys) parameters[place++] = row[key];
    await db.executeQuery({ ...query, parameters });
  }

  return async (db, rows) => {
    if (rows.length === 0) return;
    if (dialectOf(db) === "postgres") return void (await insertJson(db, { rows: JSON.stringify(rows) }));
    for (let start = 0; start < rows.length; start += most)
      await insertValues(db, rows.slice(start, start + most));
  };
}
