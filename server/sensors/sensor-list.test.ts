// The list of sensors and its numbers, compared with all rows: every filter, sort and page, after any
// changes.
import { describe, expect, test } from "bun:test";
import { SENSOR_PLATFORMS, SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { formatList } from "@attacklens/protocol/text-list.ts";
import { sql } from "kysely";
import { fleetId } from "../../harness/fleet-rows.ts";
import { drawnCases } from "../../harness/long-tests.ts";
import { newSeed, seededRandom } from "../../harness/seeded-random.ts";
import { isDuplicate } from "../db/dialect.ts";
import { compareText } from "../db/merge-ranges.ts";
import { allPages, expected, SORTS } from "../testing/expected-lists.ts";
import { ADDRESSES, CHANGES, FACTS, NAMES, pick, SENSORS, TAGS } from "../testing/fleet-changes.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { LIST_DIFFERENCES } from "../testing/kept-copies.ts";
import { allRows, INTERVAL_SECONDS, inOneOrder, recount } from "../testing/sensor-recount.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { deleteEmptyClasses } from "./empty-classes-store.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { countSensors } from "./sensor-counts.ts";
import { pageOfSensors } from "./sensor-list-store.ts";
import type { SensorPage } from "./sensor-page-store.ts";
import { findSilent } from "./silence.ts";
import { addUpCounts } from "./silence-store.ts";

const DAY_MS = 86_400_000;
const START = 1_780_000_000_000;
function randomPage(random: () => number, now: number, q: () => string): SensorPage {
  const some = (values: readonly string[]) =>
    random() < 0.6 ? [pick(random, values)] : values.filter((_, index) => index === 0 || random() < 0.5);
  const maybe = <T>(share: number, value: () => T) => (random() < share ? value() : undefined);
  return {
    sort: pick(random, Object.keys(SORTS) as SensorPage["sort"][]),
    order: pick(random, ["asc", "desc"] as const),
    limit: pick(random, [20, 50, 200]),
    status: maybe(0.5, () => some(SENSOR_STATUSES).join()),
    platform: maybe(0.3, () => some(SENSOR_PLATFORMS).join()),
    version: maybe(0.15, () => formatList(some(["2026.11.0", "2026.12.0", "no-such"]))),
    tag: maybe(0.15, () => formatList(some([...TAGS, "no-such"]))),
    address: maybe(0.2, () =>
      pick(random, [
        ...ADDRESSES,
        "10.0.0.0/15",
        "10.0.0.0/23",
        "10.0.0.9/30",
        "0.0.0.0/0",
        "10.9.9.9",
        "2001:db8::/32",
        "2001:db8::/125",
        "::/0",
      ]),
    ),
    seenBefore: maybe(0.15, () => {
      // Long ago, or near the time from which on a sensor is online.
      const ago =
        random() < 0.5 ? random() * 2 * DAY_MS : 1_000 * (3 * INTERVAL_SECONDS - 210 + random() * 300);
      return new Date(now - Math.floor(ago)).toISOString();
    }),
    enrollmentTokenId: maybe(0.3, () => fleetId("tok", 1 + Math.floor(random() * 4))),
    assetGroupId: maybe(0.3, () => fleetId("grp", 1 + Math.floor(random() * 4))),
    match: maybe(0.1, () => "any" as const),
    q: maybe(0.2, q),
    count: maybe(0.3, () => "exact" as const),
  };
}

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    test(`every page has the sensors that match, and numbers equal a recount, after any changes (${dialect})`, async () => {
      const seed = newSeed();
      const random = seededRandom(seed);
      await using database = await createTestDatabase(dialect);
      const { db } = database;
      await insertFleet(db, { sensors: SENSORS, now: START });
      let now = START;
      const query = () =>
        pick(random, [
          ...NAMES,
          "host-0",
          fleetId("sen", 7),
          "host-00",
          "example",
          "77",
          "zz",
          "no such host",
          "HOST",
          "-0",
          "%",
          'i" AND',
          ...FACTS.map(([, typed]) => typed),
          ...ADDRESSES,
        ]);
      for (let round = 0; round < drawnCases(12); round++) {
        for (let change = 0; change < 60; change++) {
          const id = fleetId("sen", 1 + Math.floor(random() * SENSORS));
          await pick(random, CHANGES)(db, id, random, now).catch((error: unknown) => {
            // Two live sensors of one asset, which the schema forbids.
            if (!isDuplicate(error)) throw error;
          });
        }
        if (round === 1)
          await db
            .updateTable("assetGroup")
            .set({ deletedAt: now })
            .where("id", "=", fleetId("grp", 3))
            .execute();
        now += pick(random, [0, 30_000, DAY_MS]);
        const revisions = () => db.selectFrom("sensor").select(["id", "revision"]).orderBy("id").execute();
        const before = await revisions();
        if (random() < 0.5) await findSilent(db, () => onlineSince(now, INTERVAL_SECONDS));
        if (random() < 0.5) await addUpCounts(db);
        if (random() < 0.5) await deleteEmptyClasses(db, now);
        // A sensor's silence is no change of the sensor, which servers would have to read again.
        expect(await revisions()).toEqual(before);
        for (const [name, text] of Object.entries(LIST_DIFFERENCES))
          expect({ seed, name, differing: (await sql.raw(text).execute(db)).rows }).toMatchObject({
            differing: [],
          });
        const rows = await allRows(db, now);
        const { tags, ...counts } = await countSensors(db, onlineSince(now, INTERVAL_SECONDS));
        const assets = await db.selectFrom("asset").select("tags").execute();
        const used = new Set(assets.flatMap((asset) => JSON.parse(asset.tags) as string[]));
        expect(tags).toEqual([...used].toSorted(compareText));
        expect({ seed, ...inOneOrder(counts) }).toEqual({ seed, ...inOneOrder(recount(rows)) });
        for (let list = 0; list < 25; list++) {
          const page = randomPage(random, now, query);
          const few = pick(random, [1, 3, 8, 20, 60, 2_000]);
          const limits = { few, most: Math.max(few, pick(random, [0, 40, 300, 5_000])) };
          const ids = expected(rows, page);
          const { totals, ...found } = await allPages(db, onlineSince(now, INTERVAL_SECONDS), page, limits);
          expect({ seed, page, limits, ...found }).toEqual({ seed, page, limits, ids });
          // After many changes of silence, a search has only found some.
          const isNarrowed = [page.q, page.version, page.tag, page.address, page.seenBefore].some(
            (one) => one !== undefined,
          );
          const isExact = !isNarrowed || page.count === "exact" || few > SENSORS;
          const exact = (total: string) =>
            total === String(ids.length) ||
            (!isExact && total.endsWith("+") && Number.parseInt(total, 10) <= ids.length);
          expect({ seed, page, limits, wrong: totals.filter((total) => !exact(total)) }).toMatchObject({
            wrong: [],
          });
        }
      }
    });

    test(`a list sorted by tags continues after an asset with many long tags (${dialect})`, async () => {
      await using database = await createTestDatabase(dialect);
      const { db } = database;
      await insertFleet(db, { sensors: 50, now: START });
      // Merged assets have the tags of both, so more than a token may set.
      const tags = Array.from({ length: 40 }, (_, index) => `${index} ${"ä".repeat(48)}`);
      await db
        .updateTable("asset")
        .set({ tags: JSON.stringify(tags) })
        .execute();
      const listed = expected(await allRows(db, START), { sort: "tags", order: "asc", limit: 7 });
      expect(listed.length).toBeGreaterThan(7);
      for (const few of [3, 2_000]) {
        const { ids } = await allPages(db, 0, { sort: "tags", order: "asc", limit: 7 }, { few, most: few });
        expect(ids).toEqual(listed);
      }
    });

    test(`a list continues where it was after its last value has disappeared (${dialect})`, async () => {
      await using database = await createTestDatabase(dialect);
      const { db } = database;
      await insertFleet(db, { sensors: 50, now: START });
      const ids = (await db.selectFrom("sensor").select("id").orderBy("id").execute()).map(({ id }) => id);
      for (const [nth, id] of ids.entries())
        await db
          .updateTable("sensor")
          .set({ version: `2026.${nth % 10}.0` })
          .where("id", "=", id)
          .execute();
      for (const order of ["asc", "desc"] as const) {
        const page = { sort: "version", order, limit: 7, q: "host" } as const;
        const first = await pageOfSensors(db, 0, page);
        const last = first.rows.at(-1)!.version;
        const moved = order === "asc" ? "1.0.0" : "3000.0.0";
        await db.updateTable("sensor").set({ version: moved }).where("version", "=", last).execute();
        // The sensors that moved are before the place of the cursor.
        const listed = expected(await allRows(db, START), { sort: "version", order, limit: 7 });
        const versions = new Map((await allRows(db, START)).map(({ id, version }) => [id, version]));
        const shown = new Set(first.rows.map(({ id }) => id));
        const rest = listed.filter((id) => versions.get(id) !== moved && !shown.has(id));
        expect(rest.length).toBeGreaterThan(7);
        const second = await pageOfSensors(db, 0, { ...page, cursor: first.nextCursor! });
        expect(second.rows.map(({ id }) => id)).toEqual(rest.slice(0, 7));
      }
    });
  });
}
