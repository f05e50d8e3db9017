// The plans of lists on PostgreSQL with few rows, for which it prefers other joins than for many.
import { expect, test } from "bun:test";
import { sql } from "kysely";
import { pageOfAssets } from "../assets/assets-store.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { COMPARES, queriesOf, readWhole } from "../testing/query-plans.ts";
import { sensorLists } from "../testing/sensor-lists.ts";
import { createTestDatabase } from "../testing/test-world.ts";
import { type Listing, updateLists } from "../testing/update-lists.ts";

const NOW = 1_780_000_000_000;
const FEW_SENSORS = 3_000;

test("with a small fleet, no list compares each row with each of the values that it has found", async () => {
  await using database = await createTestDatabase("postgres");
  const { db } = database;
  await insertFleet(db, { sensors: FEW_SENSORS, now: NOW });
  await sql`vacuum analyze`.execute(db);
  const frequent = (["name", "createdAt"] as const).map(
    (sort): Listing => [
      `assets with a frequent text by ${sort}`,
      (handle) => pageOfAssets(handle, { q: "example", order: "asc", limit: 50, sort }),
    ],
  );
  const lists = [...sensorLists(NOW), ...updateLists(NOW)];
  const searches = lists.filter(([name]) => name.includes('"q"'));
  const compared: string[] = [];
  for (const [name, list] of [...frequent, ...searches]) {
    const wrong = await readWhole(db, "postgres", await queriesOf(db, list));
    compared.push(...wrong.filter((one) => one.startsWith(COMPARES)).map((one) => `${name}: ${one}`));
  }
  expect(compared).toEqual([]);
});
