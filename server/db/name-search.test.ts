// The index for searches on PostgreSQL: who may create it, and what the server does without it.
import { expect, test } from "bun:test";
import { sql } from "kysely";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { createSearchIndexes } from "./name-search.ts";
import { connectReadOnly } from "./open.ts";
import type { Database } from "./schema.ts";

const onPostgres = test.skipIf(!TESTED_DIALECTS.includes("postgres"));
const INDEXES = ["asset_search", "audit_text_search", "sensor_listing_search"];

async function listIndexes(db: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select indexname as name from pg_indexes where indexdef like '%gin_trgm_ops%' order by 1`.execute(db);
  return rows.map(({ name }) => name);
}

onPostgres(
  "without permission for the extension there is a reason, and the next start creates the index",
  async () => {
    await using database = await createTestDatabase("postgres");
    const { db } = database;
    expect(await listIndexes(db)).toEqual(INDEXES);
    await sql`drop extension pg_trgm cascade`.execute(db);
    expect(await listIndexes(db)).toEqual([]);
    const role = `searcher_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    await sql`create role ${sql.id(role)} login password 'secret'`.execute(db);
    const url = new URL(database.databaseUrl!);
    [url.username, url.password] = [role, "secret"];
    const limited = connectReadOnly({ dataDir: "", databaseUrl: url.href });
    try {
      expect(await createSearchIndexes(limited)).toMatch(/permission denied to create extension/);
    } finally {
      await limited.destroy();
      await sql`drop role ${sql.id(role)}`.execute(db);
    }
    // A superuser may have created it in another schema.
    await sql`create schema extensions`.execute(db);
    await sql`create extension pg_trgm schema extensions`.execute(db);
    expect(await createSearchIndexes(db)).toBeUndefined();
    expect(await listIndexes(db)).toEqual(INDEXES);
  },
);
