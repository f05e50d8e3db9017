// Statements of a transaction that are sent ahead: errors reach the transaction, and nothing is half stored.
import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { sql } from "kysely";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { isDuplicate } from "./dialect.ts";
import { insertion } from "./insertion.ts";
import { pipelined } from "./prepared.ts";
import type { Database, SettingTable } from "./schema.ts";
import { statement } from "./statement.ts";
import { inTransaction } from "./transaction.ts";

const insertSettings = insertion<SettingTable>("setting", { name: "text", value: "text" });
const row = (name: string) => ({ name: `row ${name}`, value: "" });

async function names(db: Database): Promise<string[]> {
  const rows = await db.selectFrom("setting").select("name").where("name", "like", "row %").execute();
  return rows.map(({ name }) => name).toSorted();
}

/** Returns the error of a transaction. */
async function failure(db: Database, work: (tx: Database) => Promise<unknown>): Promise<unknown> {
  return await inTransaction(db, work).then(
    () => undefined,
    (error: unknown) => error,
  );
}

for (const dialect of TESTED_DIALECTS) {
  test(`a transaction throws the first error of its statements, stores nothing, and leaves a usable connection (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await insertSettings(db, [row("1")]);
    const works: ((tx: Database) => Promise<unknown>)[] = [
      // The commit is the next statement.
      (tx) => insertSettings(tx, [row("2"), row("1")]),
      async (tx) => {
        await insertSettings(tx, [row("2")]);
        await insertSettings(tx, [row("1")]);
        await insertSettings(tx, [row("3")]);
      },
      async (tx) => {
        await insertSettings(tx, [row("1")]);
        await names(tx);
      },
    ];
    for (const work of works) {
      expect(isDuplicate(await failure(db, work))).toBe(true);
      expect(await names(db)).toEqual(["row 1"]);
    }
    await inTransaction(db, (tx) => insertSettings(tx, [row("4")]));
    expect(await names(db)).toEqual(["row 1", "row 4"]);
  });

  test(`a transaction whose work throws stores nothing, also after an error of its statements (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    for (const before of [[], [row("1")]]) {
      const error = await failure(db, async (tx) => {
        for (const one of [...before, row("2"), ...before]) await insertSettings(tx, [one]).catch(() => {});
        throw new Error("the work failed");
      });
      expect((error as Error).message).toBe("the work failed");
      expect(await names(db)).toEqual([]);
    }
    await inTransaction(db, (tx) => insertSettings(tx, [row("3")]));
    expect(await names(db)).toEqual(["row 3"]);
  });

  test(`an insertion outside of a transaction throws its own error (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    await insertSettings(database.db, [row("1")]);
    const error = await insertSettings(database.db, [row("1")]).catch((thrown: unknown) => thrown);
    expect(isDuplicate(error)).toBe(true);
  });

  test(`a transaction sees the rows that it has just inserted (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const seen = await inTransaction(database.db, async (tx) => {
      for (let index = 0; index < 300; index++) await insertSettings(tx, [row(String(index))]);
      return await names(tx);
    });
    expect(seen).toHaveLength(300);
  });
}

test.if(TESTED_DIALECTS.includes("postgres"))(
  "a transaction runs again as a whole if another server has migrated a table that it reads (postgres)",
  async () => {
    await using database = await createTestDatabase("postgres");
    const { db } = database;
    const readAll = statement((any: Database) => any.selectFrom("setting").selectAll().compile());
    const store = (name: string) =>
      inTransaction(db, async (tx) => {
        await readAll(tx, {});
        await insertSettings(tx, [row(name)]);
        await readAll(tx, {});
      });
    await store("1");
    await sql`alter table setting add column other text`.execute(await database.reopen());
    await store("2");
    expect(await names(db)).toEqual(["row 1", "row 2"]);
  },
);

test("a transaction that cannot start executes no write, even if its work ignores the error", async () => {
  const executed: unknown[] = [];
  const query = pipelined(new PassThrough(), async (text) => {
    executed.push(text);
    if (text === "begin") throw new Error("cannot start");
  });
  const errorOf = async (text: string) =>
    await query(text).then(
      () => undefined,
      (error: Error) => error.message,
    );
  for (const first of ["select 1", "insert 1"]) {
    expect(await errorOf("begin")).toBeUndefined();
    for (const text of [first, "insert 2", "select 2", "update 3", "commit"])
      expect(await errorOf(text)).toBe("cannot start");
    expect(await errorOf("rollback")).toBeUndefined();
  }
  expect(executed).toEqual(["begin", "select 1", "select 2", "rollback", "begin", "select 2", "rollback"]);
  // The next one is a statement without a transaction.
  expect(await errorOf("insert 4")).toBeUndefined();
});
