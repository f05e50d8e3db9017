// Tables and sets of whole numbers in SQL, each with one parameter for any number of them.
import { type RawBuilder, sql } from "kysely";
import { dialectOf } from "./dialect.ts";
import type { Database } from "./schema.ts";

/** Returns rows of whole numbers as a table with these columns, which needs only one parameter. */
export function numberRows(db: Database, columns: readonly string[], rows: number[][]): RawBuilder<unknown> {
  const json = JSON.stringify(rows);
  const item = (index: number) => sql.lit(index);
  if (dialectOf(db) === "sqlite") {
    const values = columns.map((name, index) => sql`value ->> ${item(index)} as ${sql.id(name)}`);
    return sql`(select ${sql.join(values)} from json_each(${json}))`;
  }
  const values = columns.map((name, index) => sql`(value ->> ${item(index)})::bigint as ${sql.id(name)}`);
  return sql`(select ${sql.join(values)} from json_array_elements(${json}::json))`;
}

/**
 * Returns for a whole number the second one of the pair of which it is the first, with one parameter for any
 * number of pairs. `isOf` joins the table to the number.
 */
export function numberOf(db: Database, number: RawBuilder<unknown>, pairs: [number, number][]) {
  if (dialectOf(db) === "sqlite") {
    // With the limit, SQLite reads the JSON once. With the type, it makes an index of the pairs.
    const table = sql`(select cast(value ->> 0 as integer) as first, value ->> 1 as second
      from json_each(${JSON.stringify(pairs)}) limit -1) as pair`;
    return {
      table: sql`cross join ${table}`,
      isOf: sql<boolean>`pair.first = ${number}`,
      value: sql<number>`pair.second`,
    };
  }
  const json = JSON.stringify(Object.fromEntries(pairs));
  const value = sql<number>`(${json}::jsonb ->> ${number}::text)::bigint`;
  return { table: sql``, isOf: sql<boolean>`true`, value };
}

/**
 * Returns whether a whole number is one of many, with one parameter for any number of them. May read the
 * rows by the index of a column.
 */
export function isAmongNumbers(db: Database, number: RawBuilder<unknown>, numbers: readonly number[]) {
  return dialectOf(db) === "sqlite"
    ? sql<boolean>`${number} in (select value from json_each(${JSON.stringify(numbers)}))`
    : sql<boolean>`${number} = any (${`{${numbers.join(",")}}`}::bigint[])`;
}

/**
 * The same as a condition on rows that are read in another way. It takes as long for any number of values.
 */
export function isAmongMany(db: Database, number: RawBuilder<unknown>, numbers: readonly number[]) {
  if (dialectOf(db) === "sqlite") return isAmongNumbers(db, sql`(${number} + 0)`, numbers);
  // PostgreSQL hashes the values of a query, if it is no part of a join, but compares with each of an array.
  return sql<boolean>`(${number} in (select unnest(${`{${numbers.join(",")}}`}::bigint[]))) is true`;
}

/**
 * Returns the rows of a subquery with these columns of whole numbers as a JSON array of all numbers, for
 * `parseNumbers`.
 */
export function numbersAsJson(db: Database, columns: readonly string[], query: RawBuilder<unknown>) {
  const row = sql.join(
    columns.map((name) => sql.id(name)),
    sql` || ',' || `,
  );
  const all = dialectOf(db) === "sqlite" ? sql`group_concat(${row})` : sql`string_agg(${row}, ',')`;
  return sql<string>`(select '[' || coalesce(${all}, '') || ']' from (${query}) as some_rows)`;
}

/** Returns the rows of `numbersAsJson`. */
export function parseNumbers(json: string, columns: number): number[][] {
  const numbers = JSON.parse(json) as number[];
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    numbers.slice(row * columns, (row + 1) * columns),
  );
}
