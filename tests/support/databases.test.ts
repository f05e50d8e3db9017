import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import pg from "pg";
import { createTestDatabase, DIALECTS } from "./databases.ts";

describe.each([...DIALECTS])("a test database on %s", (dialect) => {
  test("is its own, and is gone afterwards", async () => {
    let dataDir: string;
    {
      await using first = await createTestDatabase(dialect);
      await using second = await createTestDatabase(dialect);
      dataDir = first.dataDir;
      expect(existsSync(dataDir)).toBeTrue();
      expect(first.dataDir).not.toBe(second.dataDir);
      expect(first.databaseUrl === undefined).toBe(dialect === "sqlite");
      if (first.databaseUrl) expect(first.databaseUrl).not.toBe(second.databaseUrl as string);
    }
    expect(existsSync(dataDir)).toBeFalse();
  });
});

test.if(DIALECTS.includes("postgres"))(
  "a PostgreSQL test database is dropped while somebody is connected",
  async () => {
    const database = await createTestDatabase("postgres");
    const client = new pg.Client({ connectionString: database.databaseUrl as string });
    client.on("error", () => {});
    await client.connect();
    await database[Symbol.asyncDispose]();
    const again = new pg.Client({ connectionString: database.databaseUrl as string });
    await expect(again.connect()).rejects.toThrow("does not exist");
  },
);
