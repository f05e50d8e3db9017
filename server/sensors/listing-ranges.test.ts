// The first sensors of cells in an order, read no further than a limit.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RowKey } from "../db/keyset.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { createTestDatabase, TESTED_DIALECTS, type TestDatabase } from "../testing/test-world.ts";
import { type Chosen, countClasses } from "./classes-store.ts";
import { comparison } from "./first-of-cells-store.ts";
import { walkListed } from "./listing-ranges-store.ts";
import type { Order } from "./listing-store.ts";

const SENSORS = 600;
const MOST = 4;

interface Listed {
  id: string;
  cell: number;
  classId: number;
  hostnameKey: string;
  enrolledAt: number;
}

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    let database: TestDatabase;
    let listed: Listed[];
    let chosen: Chosen;
    beforeAll(async () => {
      database = await createTestDatabase(dialect);
      const { db } = database;
      await insertFleet(db, { sensors: SENSORS, now: 1_780_000_000_000 });
      const columns = ["sensorId as id", "cell", "classId", "hostnameKey", "enrolledAt"] as const;
      listed = await db.selectFrom("sensorListing").select(columns).execute();
      const { all, classes } = await countClasses(db);
      chosen = { all, classes: classes.filter(({ of }) => of.id % 3 === 0) };
    });
    afterAll(async () => await database[Symbol.asyncDispose]());

    for (const column of ["hostname_key", "enrolled_at"] as const)
      for (const order of ["asc", "desc"] as const)
        test(`the first sensors by ${column} ${order} of those that are passed over`, async () => {
          const cells = [...new Set(listed.map(({ cell }) => cell))];
          const keyOf = (one: Listed): RowKey => ({
            value: column === "hostname_key" ? one.hostnameKey : one.enrolledAt,
            id: one.id,
          });
          const first: Order = { column, order, after: undefined, q: undefined, also: [] };
          const inOrder = listed
            .map((one) => ({ ...one, key: keyOf(one) }))
            .toSorted((one, other) => comparison(first)(one.key, other.key));
          const ids = new Set(chosen.classes!.map(({ of }) => of.id));
          const middle = inOrder[inOrder.length >> 1]!.key;
          const places = [undefined, { v: middle.value, id: middle.id }];
          const found = { enough: 0, toTheEnd: 0, undefined: 0 };
          for (const after of places)
            for (const passed of [0, 5, 20, SENSORS]) {
              const read = await walkListed(
                database.db,
                chosen,
                cells,
                { passed, most: MOST },
                { ...first, after },
              );
              for (const [place, cell] of cells.entries()) {
                const later = inOrder.filter(
                  (one) => one.cell === cell && (!after || comparison(first)(one.key, middle) > 0),
                );
                const isWhole = later.length <= passed;
                const matching = later.slice(0, passed + 1).filter(({ classId }) => ids.has(classId));
                const keys = matching.slice(0, MOST).map(({ key }) => key);
                const expected = isWhole || keys.length === MOST ? keys : undefined;
                expect(read[place]).toEqual(expected);
                found[expected === undefined ? "undefined" : isWhole ? "toTheEnd" : "enough"]++;
              }
            }
          for (const cases of Object.values(found)) expect(cases).toBeGreaterThan(0);
        });
  });
}
