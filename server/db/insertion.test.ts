import { expect, test } from "bun:test";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { insertion } from "./insertion.ts";
import type { SettingTable } from "./schema.ts";

const insertSettings = insertion<SettingTable>("setting", { name: "text", value: "text" });
const insertAlike = insertion<SettingTable>(
  "setting",
  { name: "text", value: "text" },
  { shared: ["value"] },
);
const insertNewSettings = insertion<SettingTable>(
  "setting",
  { name: "text", value: "text" },
  { onConflict: "skip" },
);

for (const dialect of TESTED_DIALECTS) {
  test(`an insertion stores any number of rows, and throws or skips those that exist (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const read = async () =>
      Object.fromEntries(
        (await db.selectFrom("setting").selectAll().where("name", "like", "row%").execute()).map((row) => [
          row.name,
          row.value,
        ]),
      );
    const texts = ["\"\\ü'", "a,b {c}", "null", "", "line\n\u2028 \u0001 \\n", '{"a":"b\\\\n"}'];
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      name: `row ${index}`,
      value: texts[index % texts.length]!,
    }));
    await insertSettings(db, []);
    await insertSettings(db, rows.slice(0, 1));
    await insertSettings(db, rows.slice(1, 4));
    await insertSettings(db, rows.slice(4));
    expect(await read()).toEqual(Object.fromEntries(rows.map(({ name, value }) => [name, value])));
    const more = [
      { name: "row 1", value: "other" },
      { name: "row new", value: "new" },
    ];
    await expect(insertSettings(db, more)).rejects.toThrow();
    expect(await read()).not.toHaveProperty("row new");
    await insertNewSettings(db, more);
    expect(await read()).toMatchObject({ "row 1": texts[1]!, "row new": "new" });
  });

  test(`rows with shared columns keep their values, whether these are the same or not (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const value = "same \"\\ü\n' {value}";
    const rows = Array.from({ length: 5_000 }, (_, index) => ({ name: `row ${index}`, value }));
    const others = ["first", "second", "second"].map((text, index) => ({
      name: `row 1-${index}`,
      value: text,
    }));
    await insertAlike(db, []);
    await insertAlike(db, rows.slice(0, 1));
    await insertAlike(db, rows.slice(1));
    await insertAlike(db, others);
    const read = await db.selectFrom("setting").selectAll().where("name", "like", "row%").execute();
    const byName = (left: SettingTable, right: SettingTable) => (left.name < right.name ? -1 : 1);
    expect(read.toSorted(byName)).toEqual([...rows, ...others].toSorted(byName));
  });
}
