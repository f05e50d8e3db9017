// A separate, empty PostgreSQL database for each test that needs one.
import { SQL } from "bun";

export interface TestDatabase extends AsyncDisposable {
  url: string;
}

/**
 * The database is empty: the server that opens it migrates it. Disposing drops it and closes open
 * connections.
 */
export async function createTestDatabase(administrator = administratorUrl()): Promise<TestDatabase> {
  return await create(administrator, "");
}

/** Creates another database with the same content. No client may be connected to the original meanwhile. */
export async function copyTestDatabase(database: TestDatabase): Promise<TestDatabase> {
  return await create(administratorUrl(), `TEMPLATE ${new URL(database.url).pathname.slice(1)}`);
}

async function create(administrator: string, options: string): Promise<TestDatabase> {
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(administrator, `CREATE DATABASE ${name} ${options} STRATEGY file_copy`);
  const url = new URL(administrator);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      await administer(administrator, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  await using sql = new SQL(url, { max: 1 });
  await sql.unsafe(statement);
}

function administratorUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error("TEST_DATABASE_URL is not set: run this test with npm test -- PATH");
  return url;
}
