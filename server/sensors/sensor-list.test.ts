// The list of sensors and its numbers, compared with all rows: every filter, sort and page, after any
// changes.
import { describe, expect, test } from "bun:test";
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { fleetId, fleetStatements } from "../../harness/fleet-rows.ts";
import { drawnCases } from "../../harness/long-tests.ts";
import { newSeed, seededRandom } from "../../harness/seeded-random.ts";
import { isDuplicate } from "../db/dialect.ts";
import { compareText } from "../db/merge-ranges.ts";
import { hasName } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { foldText } from "../ids.ts";
import { allRows, INTERVAL_SECONDS, inOneOrder, type Row, recount } from "../testing/sensor-recount.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { countSensors } from "./sensor-counts.ts";
import { pageOfSensors, type SensorPage } from "./sensor-list-store.ts";
import { findSilent } from "./silence.ts";
import { addUpCounts } from "./silence-store.ts";

const SENSORS = 300;
const DAY_MS = 86_400_000;
const START = 1_780_000_000_000;
/** Names that sort differently in JavaScript, or that a search could take for syntax. */
const NAMES = [
  "\u{1f980}-crab",
  "\uff5e-wave",
  "Web-01",
  "web_01%",
  'say "hi" AND bye',
  "o'neill",
  "ab",
  "äöü-07",
  "a\\b",
];
const SORTS = ["hostname", "lastSeenAt", "enrolledAt"] as const;

function expected(rows: Row[], page: SensorPage): string[] {
  const matching = rows.filter(
    (row) =>
      (page.status ? row.status === page.status : !["removed", "replaced"].includes(row.status)) &&
      (!page.platform || row.platform === page.platform) &&
      (!page.enrollmentTokenId || row.token === page.enrollmentTokenId) &&
      (!page.assetGroupId || row.group === page.assetGroupId) &&
      (!page.match || row.hasMatch) &&
      (!page.q || hasName(row.hostname, page.q) || row.id === page.q),
  );
  const sign = page.order === "asc" ? 1 : -1;
  const compare = (one: Row, other: Row) => {
    const [left, right] = [one[page.sort], other[page.sort]];
    const byValue = typeof left === "number" ? left - Number(right) : compareText(left, String(right));
    return sign * (byValue || compareText(one.id, other.id));
  };
  return matching.toSorted(compare).map(({ id }) => id);
}

const pick = <T>(random: () => number, values: readonly T[]): T =>
  values[Math.floor(random() * values.length)]!;

function randomPage(random: () => number, q: () => string): SensorPage {
  const maybe = <T>(share: number, value: () => T) => (random() < share ? value() : undefined);
  return {
    sort: pick(random, SORTS),
    order: pick(random, ["asc", "desc"] as const),
    limit: pick(random, [20, 50, 200]),
    status: maybe(0.5, () => pick(random, SENSOR_STATUSES)),
    platform: maybe(0.3, () => pick(random, ["linux", "windows", "darwin"] as const)),
    enrollmentTokenId: maybe(0.3, () => fleetId("tok", 1 + Math.floor(random() * 4))),
    assetGroupId: maybe(0.3, () => fleetId("grp", 1 + Math.floor(random() * 4))),
    match: maybe(0.1, () => "any" as const),
    q: maybe(0.2, q),
    count: maybe(0.3, () => "exact" as const),
  };
}

/** Inserts a sensor like another one, on a host like its host. */
async function enroll(db: Database, id: string, random: () => number, now: number): Promise<unknown> {
  const newId = (prefix: string) => fleetId(prefix, SENSORS + 1 + Math.floor(random() * 1e9));
  const sensor = await db.selectFrom("sensor").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const asset = await db
    .selectFrom("asset")
    .selectAll()
    .where("id", "=", sensor.assetId)
    .executeTakeFirstOrThrow();
  const row = { ...sensor, id: newId("sen"), publicKey: newId("key"), deletedAt: null, enrolledAt: now };
  // The database computes them.
  for (const computed of ["standing", "listed"]) delete row[computed as never];
  const assetId = newId("ast");
  return await db.transaction().execute(async (tx) => {
    await tx
      .insertInto("asset")
      .values({ ...asset, id: assetId, tags: JSON.stringify([]) })
      .execute();
    await tx
      .insertInto("sensor")
      .values({ ...row, assetId })
      .execute();
    await tx
      .insertInto("sensorPresence")
      .values({ sensorId: row.id, lastSeenAt: now, lastNonce: 1, address: "10.0.0.1" })
      .execute();
  });
}

/** Changes of single rows, as any part of the server makes them. */
const CHANGES: ((db: Database, id: string, random: () => number, now: number) => Promise<unknown>)[] = [
  ...(["deletedAt", "removedAt", "replacedAt", "uninstalledAt", "blockedAt", "reportedAt"] as const).map(
    (column) => (db: Database, id: string, random: () => number, now: number) =>
      db
        .updateTable("sensor")
        .set({ [column]: column === "deletedAt" || random() < 0.6 ? now : null })
        .where("id", "=", id)
        .execute(),
  ),
  (db, id, random) =>
    db
      .updateTable("sensor")
      .set({ awaitingApproval: random() < 0.5 ? 1 : 0 })
      .where("id", "=", id)
      .execute(),
  (db, id, random) => {
    const hostname = pick(random, NAMES);
    return db
      .updateTable("sensor")
      .set({ hostname, hostnameKey: foldText(hostname) })
      .where("id", "=", id)
      .execute();
  },
  (db, id, random) =>
    db
      .updateTable("sensor")
      .set({
        version: pick(random, ["2026.11.0", "2026.12.0"]),
        platform: pick(random, ["linux", "windows"]),
      })
      .where("id", "=", id)
      .execute(),
  enroll,
  // The triggers also count a sensor that moves to another asset.
  (db, id, random) =>
    db
      .updateTable("sensor")
      .set({ assetId: fleetId("ast", 1 + Math.floor(random() * SENSORS)), uninstalledAt: 1 })
      .where("id", "=", id)
      .execute(),
  (db, id, random) =>
    db
      .updateTable("asset")
      .set({ assetGroupId: random() < 0.3 ? null : fleetId("grp", 1 + Math.floor(random() * 4)) })
      .where("id", "=", id.replace("sen", "ast"))
      .execute(),
  ...Array.from(
    { length: 4 },
    () => (db: Database, id: string, random: () => number, now: number) =>
      db
        .updateTable("sensorPresence")
        .set({ lastSeenAt: now - Math.floor(random() * 5 * 60_000) })
        .where("sensorId", "=", id)
        .execute(),
  ),
];

async function allPages(db: Database, since: number, page: SensorPage, few: number) {
  const ids: string[] = [];
  const totals: string[] = [];
  let cursor: string | undefined;
  do {
    const { rows, nextCursor, total, totalIsCapped } = await pageOfSensors(
      db,
      since,
      { ...page, cursor },
      few,
    );
    ids.push(...rows.map(({ id }) => id));
    totals.push(`${total}${totalIsCapped ? "+" : ""}`);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return { ids, totals: [...new Set(totals)] };
}

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    test(`every page has the sensors that match, and numbers equal a recount, after any changes (${dialect})`, async () => {
      const seed = newSeed();
      const random = seededRandom(seed);
      await using database = await createTestDatabase(dialect);
      const { db } = database;
      for (const statement of fleetStatements({ dialect, sensors: SENSORS, now: START }))
        await sql.raw(statement).execute(db);
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
        if (random() < 0.5) await findSilent(db, onlineSince(now, INTERVAL_SECONDS));
        if (random() < 0.5) await addUpCounts(db);
        // A sensor's silence is no change of the sensor, which servers would have to read again.
        expect(await revisions()).toEqual(before);
        const rows = await allRows(db, now);
        const counts = await countSensors(db, onlineSince(now, INTERVAL_SECONDS));
        expect({ seed, ...inOneOrder(counts) }).toEqual({ seed, ...inOneOrder(recount(rows)) });
        for (let list = 0; list < 15; list++) {
          const page = randomPage(random, query);
          const few = pick(random, [3, 2_000]);
          const ids = expected(rows, page);
          const { totals, ...found } = await allPages(db, onlineSince(now, INTERVAL_SECONDS), page, few);
          expect({ seed, page, few, ...found }).toEqual({ seed, page, few, ids });
          // After many changes of silence, a search has only found some.
          const isExact = page.q === undefined || page.count === "exact" || few > SENSORS;
          const exact = (total: string) =>
            total === String(ids.length) ||
            (!isExact && total.endsWith("+") && Number.parseInt(total, 10) <= ids.length);
          expect({ seed, page, few, wrong: totals.filter((total) => !exact(total)) }).toMatchObject({
            wrong: [],
          });
        }
      }
    });
  });
}
