import { expect, test } from "bun:test";
import { sql } from "kysely";
import pg from "pg";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { isAmong, jsonRows } from "./dialect.ts";
import { openPreparation } from "./prepared.ts";
import { rowsStatement } from "./rows-statement.ts";
import type { Database } from "./schema.ts";
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

  test(`rows that are read as one value have the names and values of a query (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const rowsOf = rowsStatement((db, place: Place<{ names: string }>) =>
      db
        .selectFrom("setting as first")
        .leftJoin("setting as other", (join) => join.on(sql<boolean>`other.name = 'other-' || first.name`))
        .select(["first.name", "first.value as firstValue", "other.value as otherValue"])
        .select(sql<number>`length(first.value)`.as("lengthOfValue"))
        .where(isAmong(db, "first.name", place("names"))),
    );
    expect(await rowsOf(db, { names: '["a"]' })).toEqual([]);
    const values = { a: '["x",null]', b: 'a"b\\c ü\n', "other-b": "" };
    const rows = Object.entries(values).map(([name, value]) => ({ name, value }));
    await db.insertInto("setting").values(rows).execute();
    const found = await rowsOf(db, { names: '["a", "b", "no such"]' });
    expect(found.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: "a", firstValue: values.a, otherValue: null, lengthOfValue: 10 },
      { name: "b", firstValue: values.b, otherValue: "", lengthOfValue: 8 },
    ]);
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

if (TESTED_DIALECTS.includes("postgres")) {
  const settings = statement((db, place: Place<{ name: string }>) =>
    db.selectFrom("setting").selectAll().where("name", "=", place("name")).compile(),
  );
  const preparedTexts = async (db: Database) =>
    (await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db)).rows
      .map(({ statement: text }) => text)
      .filter((text) => text.includes('from "setting"'));

  test("PostgreSQL parses a statement once for each connection", async () => {
    await using database = await createTestDatabase("postgres");
    await database.db.connection().execute(async (db) => {
      await db.selectFrom("setting").select("value").where("name", "=", "b").execute();
      for (const name of ["a", "b", "c"]) expect(await settings(db, { name })).toEqual([]);
      expect(await preparedTexts(db)).toEqual(['select * from "setting" where "name" = $1']);
    });
  });

  test("a statement runs on after another server has migrated its table, in a transaction too", async () => {
    for (const isTransaction of [false, true]) {
      await using database = await createTestDatabase("postgres");
      const { db } = database;
      const read = () => settings(db, { name: "a" });
      await db.insertInto("setting").values({ name: "a", value: "1" }).execute();
      await read();
      await sql`alter table setting add column added text default 'x'`.execute(db);
      const run = () => (isTransaction ? inTransaction(db, (tx) => settings(tx, { name: "a" })) : read());
      for (let time = 0; time < 3; time++)
        expect(await run()).toEqual([{ name: "a", value: "1", added: "x" } as never]);
    }
  });

  test("a connection of a pooler executes statements without names", async () => {
    const client = await new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL!, max: 1 }).connect();
    try {
      const { query } = client;
      // The id of the pooler's process.
      Object.assign(client, { processID: -1 });
      await openPreparation()(client);
      expect(client.query).toBe(query);
    } finally {
      client.release(true);
    }
  });
}
