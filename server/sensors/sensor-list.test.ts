// The list of sensors and its numbers, compared with all rows: every filter, sort and page, after any
// changes.
import { describe, expect, test } from "bun:test";
import type { SensorCounts } from "@attacklens/protocol/sensor-counts.ts";
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { fleetId, fleetStatements } from "../../harness/fleet-rows.ts";
import { drawnCases } from "../../harness/long-tests.ts";
import { newSeed, seededRandom } from "../../harness/seeded-random.ts";
import { isDuplicate } from "../db/dialect.ts";
import { compareText } from "../db/merge-ranges.ts";
import type { Database } from "../db/schema.ts";
import { foldText } from "../ids.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { openPairs } from "./matches/matches-store.ts";
import { onlineSince, sensorStatus } from "./record/sensor-status.ts";
import { countSensors } from "./sensor-counts.ts";
import { pageOfSensors, type SensorPage } from "./sensor-list-store.ts";
import { findSilent } from "./silence.ts";
import { addUpCounts } from "./silence-store.ts";

const SENSORS = 300;
const DAY_MS = 86_400_000;
const INTERVAL_SECONDS = 60;
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

interface Row {
  id: string;
  status: ReturnType<typeof sensorStatus>;
  platform: string;
  token: string;
  group: string | null;
  version: string;
  hasMatch: boolean;
  hostname: string;
  lastSeenAt: number;
  enrolledAt: number;
}

/** Reads every sensor, with the rules that the details of a sensor use. */
async function allRows(db: Database, now: number): Promise<Row[]> {
  const since = now - 3 * INTERVAL_SECONDS * 1000;
  const matched = new Set((await openPairs(db, since).execute()).map(({ sensorId }) => sensorId));
  const rows = await db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", "assetGroup.id", "asset.assetGroupId")
    .selectAll("sensor")
    .select(["sensorPresence.lastSeenAt", "asset.assetGroupId", "assetGroup.deletedAt as groupDeletedAt"])
    .where("sensor.deletedAt", "is", null)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    status: sensorStatus(row, now, INTERVAL_SECONDS),
    platform: row.platform,
    token: row.enrollmentTokenId,
    group: row.groupDeletedAt === null ? row.assetGroupId : null,
    version: row.version,
    hasMatch: matched.has(row.id),
    hostname: row.hostnameKey,
    lastSeenAt: row.lastSeenAt,
    enrolledAt: row.enrolledAt,
  }));
}

/** Counts the rows, with the rules of the API. */
function recount(rows: Row[]): SensorCounts {
  const listed = rows.filter(({ status }) => status !== "removed" && status !== "replaced");
  const by = <K extends string | null>(key: (row: Row) => K) =>
    [...Map.groupBy(listed, key)].map(([value, { length }]) => ({ value, sensors: length }));
  const nameOf = (id: string) => `${id.startsWith("tok") ? "Token" : "Group"} ${Number(id.slice(-12))}`;
  return {
    sensors: listed.length,
    byStatus: SENSOR_STATUSES.map((status) => ({
      status,
      sensors: rows.filter((row) => row.status === status).length,
    })),
    byPlatform: (["linux", "windows", "darwin"] as const).map((platform) => ({
      platform,
      sensors: listed.filter((row) => row.platform === platform).length,
    })),
    byVersion: by(({ version }) => version).map(({ value, sensors }) => ({ version: value, sensors })),
    byEnrollmentToken: by(({ token }) => token).map(({ value, sensors }) => ({
      enrollmentToken: { id: value, name: nameOf(value), deleted: false },
      sensors,
    })),
    byAssetGroup: by(({ group }) => group).map(({ value, sensors }) => ({
      assetGroup: value === null ? null : { id: value, name: nameOf(value) },
      sensors,
    })),
  };
}

/** Sorts equal numbers by what they count. */
function inOneOrder({ byVersion, byEnrollmentToken, byAssetGroup, ...counts }: SensorCounts) {
  const sorted = <T extends { sensors: number }>(all: T[]) =>
    all.toSorted(
      (one, other) => other.sensors - one.sensors || compareText(JSON.stringify(one), JSON.stringify(other)),
    );
  return {
    ...counts,
    byVersion: sorted(byVersion),
    byEnrollmentToken: sorted(byEnrollmentToken),
    byAssetGroup: sorted(byAssetGroup),
  };
}

function expected(rows: Row[], page: SensorPage): string[] {
  const matching = rows.filter(
    (row) =>
      (page.status ? row.status === page.status : !["removed", "replaced"].includes(row.status)) &&
      (!page.platform || row.platform === page.platform) &&
      (!page.enrollmentTokenId || row.token === page.enrollmentTokenId) &&
      (!page.assetGroupId || row.group === page.assetGroupId) &&
      (!page.match || row.hasMatch) &&
      (!page.q || row.hostname.includes(foldText(page.q))),
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
  };
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

async function allPages(db: Database, since: number, page: SensorPage) {
  const ids: string[] = [];
  const totals: string[] = [];
  let cursor: string | undefined;
  do {
    const { rows, nextCursor, total, totalIsCapped } = await pageOfSensors(db, since, { ...page, cursor });
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
        if (random() < 0.5) await findSilent(db, onlineSince(now, INTERVAL_SECONDS));
        if (random() < 0.5) await addUpCounts(db);
        const rows = await allRows(db, now);
        const counts = await countSensors(db, onlineSince(now, INTERVAL_SECONDS));
        expect({ seed, ...inOneOrder(counts) }).toEqual({ seed, ...inOneOrder(recount(rows)) });
        for (let list = 0; list < 15; list++) {
          const page = randomPage(random, query);
          const ids = expected(rows, page);
          const wanted = { seed, page, ids, totals: [String(ids.length)] };
          expect({ seed, page, ...(await allPages(db, onlineSince(now, INTERVAL_SECONDS), page)) }).toEqual(
            wanted,
          );
        }
      }
    });
  });
}
