// Inserts of frequent requests: each is built once for each database, and has one parameter for all rows. So
// the number of statements and the work to build them do not depend on the number of rows.
import { sql } from "kysely";
import { jsonRows } from "./dialect.ts";
import type { Database, Schema } from "./schema.ts";
import { statement } from "./statement.ts";

type Columns<Row> = {
  [Name in keyof Row & string]: Row[Name] extends number | null ? "bigint" : "text";
};

/** Returns a function that inserts rows with these columns. Other columns get their defaults. */
export function insertion<Row extends object>(
  table: keyof Schema,
  columns: Columns<Row>,
  onConflict: "throw" | "skip" = "throw",
): (db: Database, rows: readonly Row[]) => Promise<void> {
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)));
  // Without a condition, SQLite takes the clause of conflicts for a join.
  const rest = sql.raw(onConflict === "skip" ? "where true on conflict do nothing" : "");
  const insert = statement<{ rows: string }, never>((db, place) =>
    sql<never>`insert into ${sql.table(table)} (${names})
      select ${names} from ${jsonRows(db, place("rows"), columns)} as added ${rest}`.compile(db),
  );
  return async (db, rows) => {
    if (rows.length > 0) await insert(db, { rows: JSON.stringify(rows) });
  };
}
