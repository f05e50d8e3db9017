import { expect, test } from "bun:test";
import { SQL } from "bun";
import { createTestDatabase } from "./databases.ts";

test("a test database is its own, and is dropped while somebody is connected", async () => {
  const database = await createTestDatabase();
  await using other = await createTestDatabase();
  expect(other.url).not.toBe(database.url);
  const before = new SQL(database.url, { max: 1 });
  await before`SELECT 1`;
  await database[Symbol.asyncDispose]();
  const after = new SQL(database.url, { max: 1 });
  await expect(after`SELECT 1`.execute()).rejects.toThrow("does not exist");
});
