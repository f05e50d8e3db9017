// A fresh, empty database for a test, on each dialect that there is: a store test loops over DIALECTS.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

export type Dialect = "sqlite" | "postgres";

/** SQLite always, PostgreSQL when TEST_DATABASE_URL names one; `npm test` always does. */
export const DIALECTS: readonly Dialect[] = process.env.TEST_DATABASE_URL
  ? ["sqlite", "postgres"]
  : ["sqlite"];

/** What the server needs to open it: a data folder of its own, and with PostgreSQL a database of its own. */
export interface TestDatabase extends AsyncDisposable {
  dataDir: string;
  databaseUrl: string | undefined;
}

/** Nothing is in it yet: opening it migrates it. Disposing drops it, with whoever is still connected. */
export async function createTestDatabase(dialect: Dialect): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), "attacklens-test-"));
  const databaseUrl = dialect === "postgres" ? await createTestDatabaseUrl() : undefined;
  return {
    dataDir,
    databaseUrl,
    async [Symbol.asyncDispose]() {
      rmSync(dataDir, { recursive: true, force: true });
      if (databaseUrl) await dropTestDatabase(databaseUrl);
    },
  };
}

/** An empty PostgreSQL database, or with `template` a copy of that one, to which nobody may be connected then. */
export async function createTestDatabaseUrl(template?: string): Promise<string> {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const from = template ? ` TEMPLATE "${new URL(template).pathname.slice(1)}"` : "";
  await administer(`CREATE DATABASE "${name}"${from}`);
  const url = new URL(administratorUrl());
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropTestDatabase(databaseUrl: string): Promise<void> {
  await administer(`DROP DATABASE IF EXISTS "${new URL(databaseUrl).pathname.slice(1)}" WITH (FORCE)`);
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: administratorUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function administratorUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error("TEST_DATABASE_URL is not set: run this test with npm test -- PATH");
  return url;
}
