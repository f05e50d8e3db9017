// The type of a migration. It receives the dialect, so that this folder imports nothing from the rest of db/.
import { type Kysely, sql } from "kysely";

export type Dialect = "sqlite" | "postgres";

export interface Migration {
  // biome-ignore lint/suspicious/noExplicitAny: a migration's database has no schema type
  up(db: Kysely<any>, dialect: Dialect): Promise<void>;
}

/** The parts of statements in which the databases differ. */
const DIFFERENCES: Record<string, Record<Dialect, string>> = {
  /** Sorts by code unit on both, so that a keyset page continues where the last one ended. */
  "{text}": { sqlite: "text", postgres: 'text collate "C"' },
  /** How a generated column is stored. */
  "{computed}": { sqlite: "virtual", postgres: "stored" },
  "{bytes}": { sqlite: "blob", postgres: "bytea" },
  /** A number that the database gives to each row. */
  "{number}": { sqlite: "integer primary key", postgres: "bigint primary key generated always as identity" },
  /** A table with short rows, which is stored as the index of its primary key. */
  "{keyed}": { sqlite: "without rowid", postgres: "" },
};

/** Returns a migration of SQL statements, each of which ends with a semicolon and a line break. */
export function statements(text: string): Migration {
  return {
    async up(db, dialect) {
      const filled = text.replace(/\{\w+\}/g, (name) => DIFFERENCES[name]![dialect]);
      for (const statement of filled.trim().split(/;\s*\n\s*|;$/))
        if (statement !== "") await sql.raw(statement).execute(db);
    },
  };
}
