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
  /** A key that the database numbers. */
  "{numbered}": {
    sqlite: "integer primary key",
    postgres: "bigint generated always as identity primary key",
  },
  /** The column `number` with the numbers of rows that SQLite has anyway. */
  "{rowNumber}": { sqlite: "number integer primary key,", postgres: "" },
  /** A number of the caller as a primary key. On SQLite, a column of another type would need an index. */
  "{sequence}": { sqlite: "integer", postgres: "bigint" },
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

/** What the database does after a statement changed a table. Both dialects run the same statements. */
export interface Trigger {
  name: string;
  after: string;
  /** Absent: always. Only for triggers of each row. */
  when?: string;
  /**
   * Rows that other transactions must not change until this one ends: the end of a query, for PostgreSQL.
   * SQLite has one writer.
   */
  locks?: string;
  /** The variables of the statements, for PostgreSQL. */
  declares?: string;
  /**
   * The statements, which run for each row, and name it `old` and `new`. A function returns statements for
   * new rows, which PostgreSQL runs once for all rows.
   */
  run: string[] | ((added: AddedRows) => string[]);
}

export interface AddedRows {
  /** The name of a new row. */
  row: string;
  /** Returns the clause that reads the new rows with other tables. On SQLite, a new row is no table. */
  from: (...others: string[]) => string;
}

const ADDED: Record<Dialect, AddedRows> = {
  sqlite: {
    row: "new",
    from: (...others) => (others.length > 0 ? `from ${others.join(" cross join ")}` : ""),
  },
  postgres: {
    row: "added",
    from: (...others) => `from ${["added", ...others].join(" cross join ")}`,
  },
};

/**
 * So that plans do not depend on the size of a table when a connection made them, and each connection plans a
 * statement once instead of six times.
 */
const BY_INDEX = ["seqscan", "hashjoin", "mergejoin"]
  .map((kind) => `set enable_${kind} = off`)
  .concat("set plan_cache_mode = force_generic_plan")
  .join(" ");

export function triggers(all: readonly Trigger[]): Migration {
  return {
    async up(db, dialect) {
      for (const { name, after, when, locks, declares, run } of all) {
        const isForAdded = typeof run === "function";
        const body = (isForAdded ? run(ADDED[dialect]) : run)
          .map((statement) => `${statement.trim()};`)
          .join("\n");
        const condition = when ? `when (${when})` : "";
        if (dialect === "sqlite") {
          await sql.raw(`create trigger ${name} after ${after} ${condition} begin ${body} end`).execute(db);
          continue;
        }
        const each = isForAdded ? "referencing new table as added for each statement" : "for each row";
        await sql
          .raw(
            `create function ${name}() returns trigger language plpgsql ${BY_INDEX}
              as $$ ${declares ? `declare ${declares};` : ""} begin ${locks ? `perform 1 from ${locks} for share;` : ""} ${body} return null; end $$`,
          )
          .execute(db);
        await sql
          .raw(`create trigger ${name} after ${after} ${each} ${condition} execute function ${name}()`)
          .execute(db);
      }
    },
  };
}

/** Returns a migration of several parts. */
export function inOrder(...parts: Migration[]): Migration {
  return {
    async up(db, dialect) {
      for (const { up } of parts) await up(db, dialect);
    },
  };
}

/** Returns a migration for one dialect. */
export function onlyOn(only: Dialect, { up }: Migration): Migration {
  return {
    async up(db, dialect) {
      if (dialect === only) await up(db, dialect);
    },
  };
}
