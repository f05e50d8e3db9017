import { expect, test } from "bun:test";
import { SQL } from "bun";
import { copyTestDatabase, createTestDatabase } from "./databases.ts";

test("each test database is separate, and is dropped even while a client is connected", async () => {
  const database = await createTestDatabase();
  await using other = await createTestDatabase();
  expect(other.url).not.toBe(database.url);
  const before = new SQL(database.url, { max: 1 });
  await before`SELECT 1`;
  await database[Symbol.asyncDispose]();
  const after = new SQL(database.url, { max: 1 });
  await expect(after`SELECT 1`.execute()).rejects.toThrow("does not exist");
});

test("a copy of a test database has the content of the original, and later changes do not affect it", async () => {
  await using database = await createTestDatabase();
  const run = async (url: string, statement: string) => {
    await using sql = new SQL(url, { max: 1 });
    return [...(await sql.unsafe(statement))];
  };
  await run(database.url, "CREATE TABLE host AS SELECT 'web-01' AS name");
  await using copy = await copyTestDatabase(database);
  await run(database.url, "UPDATE host SET name = 'web-02'");
  expect(await run(copy.url, "SELECT name FROM host")).toEqual([{ name: "web-01" }]);
});
