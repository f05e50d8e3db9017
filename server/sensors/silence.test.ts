// The job of silent sensors, with a clock that the test sets.
import { expect, test } from "bun:test";
import { insertFleet } from "../testing/insert-fleet.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { openSilenceJob } from "./silence.ts";

const INTERVAL_SECONDS = 60;
const MINUTE_MS = 60_000;

for (const dialect of TESTED_DIALECTS)
  test(`classes that an upgrade leaves empty are deleted by servers that restart every half an hour (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    let now = Date.UTC(2026, 10, 27);
    await insertFleet(db, { sensors: 20, now });
    const readClasses = async () =>
      (await db.selectFrom("sensorClass").select("id").orderBy("id").execute()).map(({ id }) => id);
    const before = await readClasses();
    await db.updateTable("sensor").set({ version: "99.0.0" }).execute();
    const added = (await readClasses()).filter((id) => !before.includes(id));
    expect(added).not.toEqual([]);
    for (let start = 0; start < 2; start++) {
      const job = openSilenceJob(db, () => now, INTERVAL_SECONDS);
      await job();
      expect(await readClasses()).toEqual([...before, ...added]);
      for (let minute = 0; minute < 30; minute++) {
        now += MINUTE_MS;
        await job();
      }
    }
    expect(await readClasses()).toEqual(added);
  });
