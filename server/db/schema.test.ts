// The tables that the migrations create, as committed text: one file per database for review.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CompiledQuery } from "kysely";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import type { Dialect } from "./dialect.ts";
import type { Database } from "./schema.ts";

const QUERIES: Record<Dialect, string> = {
  sqlite:
    "select sql as line from sqlite_master where sql is not null and name not like 'kysely%' and name not like 'sqlite%' order by tbl_name, type desc, name",
  postgres: `
    select line from (
      select table_name as tbl, 0 as part, ordinal_position as place,
        table_name || '.' || column_name || ' ' || data_type || coalesce(' collate ' || collation_name, '') ||
        case is_nullable when 'NO' then ' not null' else '' end || coalesce(' default ' || column_default, '') || coalesce(' generated ' || generation_expression, '') as line
      from information_schema.columns where table_schema = 'public'
      union all
      select conrelid::regclass::text, 1, 0, conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n'
      union all
      select tablename, 2, 0, indexdef from pg_indexes where schemaname = 'public'
      union all
      select tgrelid::regclass::text, 3, 0, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
      union all
      select viewname, 3, 0, 'CREATE VIEW ' || viewname || ' AS' || rtrim(definition, ';') from pg_views
      where schemaname = 'public'
      union all
      select 'functions', 4, 0, rtrim(pg_get_functiondef(oid)) from pg_proc
      where pronamespace = 'public'::regnamespace and oid not in (select objid from pg_depend where deptype = 'e')
    ) as lines where tbl not like '%kysely%' order by tbl collate "C", part, place, line collate "C"`,
};

async function describeSchema(db: Database, dialect: Dialect): Promise<string> {
  const { rows } = await db.executeQuery<{ line: string }>(CompiledQuery.raw(QUERIES[dialect]));
  return `-- Made by schema.test.ts from the migrations; delete the file and run the test to create it again.\n${rows
    .map(({ line }) => `${oneColumnPerLine(line)};\n`)
    .join("")}`;
}

/** Puts each column and constraint of a `create table` on a separate line, for readable diffs. */
function oneColumnPerLine(statement: string): string {
  const [head, body] = /^(create table [^(]+\()(.*)\)$/is.exec(statement)?.slice(1) ?? [];
  if (head === undefined || body === undefined) return statement;
  const parts = [""];
  let depth = 0;
  for (const character of body) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return `${head}\n${parts.map((part) => `  ${part.trim()}`).join(",\n")}\n)`;
}

for (const dialect of TESTED_DIALECTS) {
  test(`the migrations create the committed schema (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const schema = await describeSchema(database.db, dialect);
    const file = join(import.meta.dir, `schema.${dialect}.sql`);
    if (!existsSync(file) && !process.env.CI) writeFileSync(file, schema);
    expect(schema).toBe(readFileSync(file, "utf8"));
  });
}
