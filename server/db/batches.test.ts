import { expect, test } from "bun:test";
import { sql } from "kysely";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { forSomeRows, forSomeValues } from "./batches.ts";

test("each value is queried once, and without values no query runs", async () => {
  const asked: number[][] = [];
  const values = Array.from({ length: 2_500 }, (_, index) => index % 1_500);
  const rows = await forSomeValues(values, async (some) => {
    asked.push(some);
    return some;
  });
  expect(asked.map((some) => some.length)).toEqual([1_000, 500]);
  expect(new Set(rows).size).toBe(1_500);
  await forSomeValues([], () => Promise.reject(new Error("must not run")));
  await forSomeRows([], () => Promise.reject(new Error("must not run")));
});

for (const dialect of TESTED_DIALECTS) {
  test(`writes and finds more rows and values than one statement accepts (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const names = Array.from({ length: 40_000 }, (_, index) => `setting ${index}`);
    await forSomeRows(
      names.map((name) => ({ name, value: "" })),
      (some) => db.insertInto("setting").values(some).execute(),
    );
    const found = await forSomeValues(names, (some) =>
      db.selectFrom("setting").select("name").where("name", "in", some).execute(),
    );
    expect(found).toHaveLength(40_000);
    const { rows } = await sql<{
      count: number;
    }>`select count(*) as count from setting where name like ${"setting %"}`.execute(db);
    expect(Number(rows[0]?.count)).toBe(40_000);
  });
}
