import { expect, test } from "bun:test";
import { sql } from "kysely";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { jsonRows } from "./dialect.ts";
import { type Place, statement } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

for (const dialect of TESTED_DIALECTS) {
  test(`a statement is built once, and executed with the values of each call (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    let built = 0;
    const upsertSetting = statement((db, place: Place<{ name: string; value: string }>) => {
      built++;
      return db
        .insertInto("setting")
        .values({ name: place("name"), value: place("value") })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: place("value") }))
        .returning(["name", "value"])
        .compile();
    });
    expect(await upsertSetting(db, { name: "a", value: "1" })).toEqual([{ name: "a", value: "1" }]);
    expect(await upsertSetting(db, { value: "2", name: "a" })).toEqual([{ name: "a", value: "2" }]);
    const undone = inTransaction(db, async (tx) => {
      await upsertSetting(tx, { name: "a", value: "3" });
      throw new Error("undone");
    });
    await undone.catch(() => {});
    const { rows } = await sql`select value from setting where name = 'a'`.execute(db);
    expect(rows).toEqual([{ value: "2" }]);
    expect(built).toBe(1);
  });

  test(`a JSON array is a table of any number of rows, with one parameter (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const rows = [
      { someText: 'a"b\\c ü\n', big: 2 ** 53 - 1 },
      { someText: null, big: -1 },
      { someText: "", big: null },
    ];
    const columns = { someText: "text", big: "bigint" } as const;
    const read = async (json: string) =>
      (await sql`select some_text, big from ${jsonRows(db, json, columns)} as given`.execute(db)).rows;
    expect(await read(JSON.stringify(rows))).toEqual(rows);
    expect(await read("[]")).toEqual([]);
  });
}
