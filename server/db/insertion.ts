// Inserts of frequent requests: a whole batch has few statements.
import { sql } from "kysely";
import { type Columns, rowStatement } from "./row-statement.ts";
import type { Database, Schema } from "./schema.ts";

interface InsertionOptions<Row> {
  onConflict?: "throw" | "skip";
  /** Columns whose values are often the same in all rows. Not the first one. */
  shared?: readonly (keyof Row & string)[];
}

/**
 * Returns a function that inserts rows with these columns. Other columns get their defaults. The first column
 * is never null. In a transaction on PostgreSQL, an error may be thrown by a later statement.
 */
export function insertion<Row extends object>(
  table: keyof Schema,
  columns: Columns<Row>,
  { onConflict = "throw", shared = [] }: InsertionOptions<Row> = {},
): (db: Database, rows: readonly Row[]) => Promise<void> {
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)));
  // Without a condition, SQLite takes the clause of conflicts for a join.
  const rest = sql.raw(onConflict === "skip" ? "where true on conflict do nothing" : "");
  const insert = rowStatement<Row, never>(
    columns,
    (db, rows) =>
      sql<never>`insert into ${sql.table(table)} (${names})
        select ${names} from ${rows} as added ${rest}`.compile(db),
    { shared, isUnread: true },
  );
  return async (db, rows) => void (await insert(db, rows));
}
