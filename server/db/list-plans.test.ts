// The query plan of every list × sort × filter. No query scans a whole table that grows with the fleet.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type CompiledQuery, sql } from "kysely";
import { fleetId } from "../../harness/fleet-rows.ts";
import { drawSome } from "../../harness/long-tests.ts";
import { pageOfApiKeys } from "../api-keys/api-keys-store.ts";
import { findGroup, pageOfGroups } from "../asset-groups/asset-groups-store.ts";
import {
  findAsset,
  findDeletedGroupWithAssets,
  listIdentifiers,
  pageOfAssets,
  removeFromGroup,
} from "../assets/assets-store.ts";
import { countSensorsNotSeenSince } from "../certificates/certificates-store.ts";
import {
  countArrivals,
  countEnrolledByBucket,
  findEnrollmentSpan,
  listMergedInto,
  listTakenOver,
  pageOfArrivals,
} from "../enrollment-tokens/arrivals-store.ts";
import {
  countAttemptsOfDays,
  countRefusalsSince,
  countRefusedHosts,
  deleteOldRefusals,
  findLastAttempt,
  listFirstRefusals,
  listRefusedHosts,
  pageOfAttempts,
} from "../enrollment-tokens/attempts-store.ts";
import { countUses, hasAttempts, pageOfTokens } from "../enrollment-tokens/enrollment-tokens-store.ts";
import { listAttemptedHosts } from "../enrollment-tokens/rollout-store.ts";
import { countClones, listClones } from "../sensors/clones/clones-store.ts";
import { deleteLongRemoved, endedEphemeralSlices } from "../sensors/ephemeral-sensors-store.ts";
import {
  listHolders,
  listOpenPairs,
  listPairsToMerge,
  listRefutedPairs,
  listReplaced,
} from "../sensors/matches/matches-store.ts";
import { undecidedSlices } from "../sensors/matches/undecided-store.ts";
import { findSensor } from "../sensors/record/sensors-store.ts";
import { readSensorOverview } from "../sensors/sensor-attention.ts";
import { countSensors } from "../sensors/sensor-counts.ts";
import { markSilence } from "../sensors/silence-store.ts";
import { blockableSlices, countReportingUses } from "../sensors/token-sensors.ts";
import { countBlockable, listFirstBlockable } from "../sensors/token-sensors-store.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { plansOf, queriesOf, readWhole } from "../testing/query-plans.ts";
import { sensorLists, TOKEN_LISTS } from "../testing/sensor-lists.ts";
import { createTestDatabase, TESTED_DIALECTS, type TestDatabase } from "../testing/test-world.ts";
import { type Listing, twoPages, updateLists } from "../testing/update-lists.ts";

const NOW = 1_780_000_000_000;
const SINCE = NOW - 180_000;
const DAY_MS = 86_400_000;
/** When the first sensor of the fleet enrolled. */
const ENROLLED = NOW - 30 * 86_400_000;
/** So many that most filters match more sensors than the database sorts for a page. */
const SENSORS = 21_000;
/** Lists whose plans are checked without LONG_TESTS=1, drawn for each database. */
const DRAWN_LISTS = 100;

const [token, noToken] = [1, 21].map((index) => fleetId("tok", index));
const [group, otherGroup, noGroup] = [1, 2, 21].map((index) => fleetId("grp", index));

function otherLists(): Listing[] {
  const page = { order: "asc", limit: 50 } as const;
  const later = [fleetId("sen", 101), fleetId("sen", 202)];
  return [
    ...(["name", "createdAt"] as const).flatMap((sort) =>
      [
        {},
        { q: "host-0" },
        { q: "no such host" },
        ...[group, otherGroup, noGroup].map((assetGroupId) => ({ assetGroupId })),
        ...[{}, { q: "host-0" }, { assetGroupId: group }].map((other) => ({
          type: "server" as const,
          ...other,
        })),
        { type: "laptop" as const },
      ].map(
        (filter): Listing => [
          `assets ${JSON.stringify(filter)} by ${sort}`,
          (db) => twoPages((cursor) => pageOfAssets(db, { ...filter, ...page, sort, cursor })),
        ],
      ),
    ),
    ...[{}, { q: "host-0" }, { enrollmentTokenId: token }, { enrollmentTokenId: noToken }].flatMap((filter) =>
      [
        ...[{}, { outcome: "accepted" as const }, { outcome: "refused" as const }],
        { outcome: "refused" as const, from: ENROLLED + 1_000, until: ENROLLED + 2_000 },
      ].map(
        (outcome): Listing => [
          `attempts ${JSON.stringify({ ...filter, ...outcome })}`,
          (db) =>
            twoPages((cursor) => pageOfAttempts(db, { ...filter, ...outcome, ...page, sort: "at", cursor })),
        ],
      ),
    ),
    ...(
      [
        "createdAt",
        "name",
        "scope",
        "createdBy",
        "expiresAt",
        "status",
        "enrolledSensors",
        "lastUsedAt",
      ] as const
    ).flatMap((sort) =>
      [
        {},
        { status: "active" as const },
        { warning: "any" as const },
        { assetGroupId: group },
        { q: "token" },
      ].map(
        (filter): Listing => [
          `tokens ${JSON.stringify(filter)} by ${sort}`,
          (db) => pageOfTokens(db, NOW, { ...filter, ...page, sort }),
        ],
      ),
    ),
    ...(["name", "createdAt", "createdBy", "assets", "enrollmentTokens"] as const).map(
      (sort): Listing => [`asset groups by ${sort}`, (db) => pageOfGroups(db, NOW, { ...page, sort })],
    ),
    ...(["createdAt", "name", "role", "status", "hint", "createdBy", "expiresAt", "lastUsedAt"] as const).map(
      (sort): Listing => [`API keys by ${sort}`, (db) => pageOfApiKeys(db, NOW, { ...page, sort })],
    ),
    ["the numbers of sensors", (db) => countSensors(db, SINCE)],
    ["the sensors of the overview", (db) => readSensorOverview(db, SINCE, SINCE - 7 * DAY_MS)],
    [
      "attempts of days",
      (db) => countAttemptsOfDays(db, [{ from: ENROLLED + 1_000, until: ENROLLED + 2_000 }]),
    ],
    ["refusals since", (db) => countRefusalsSince(db, SINCE)],
    ["silent sensors that are not marked", (db) => markSilence(db, 1, SINCE, 100)],
    ["a sensor", (db) => findSensor(db, fleetId("sen", 7))],
    ["sensors that a sensor replaced", (db) => listReplaced(db, fleetId("sen", 250))],
    ["clones of a sensor", (db) => listClones(db, fleetId("sen", 7), 100)],
    ["matches of sensors", (db) => listOpenPairs(db, SINCE, [fleetId("sen", 101), fleetId("sen", 202)])],
    [
      "sensors with identifiers of a new host",
      (db) => listHolders(db, { "serial-number": ["7".padStart(32, "0")] }),
    ],
    ["ephemeral sensors whose time is over", (db) => endedEphemeralSlices(db, NOW).next()],
    ["sensors removed long ago", (db) => deleteLongRemoved(db, NOW, NOW, 100)],
    ["undecided matches", (db) => undecidedSlices(db).next()],
    ["refuted matches", (db) => listRefutedPairs(db, later)],
    ["matches to merge", (db) => listPairsToMerge(db, SINCE, later)],
    ["uses of a token whose sensors report", (db) => countReportingUses(db, token!)],
    ...[ENROLLED - 1, ENROLLED + SENSORS * 10].flatMap((since, index): Listing[] => [
      [
        `arrivals of a token ${index}`,
        (db) => twoPages((cursor) => pageOfArrivals(db, { tokenId: token!, since, cursor, limit: 50 })),
      ],
      [`the number of arrivals of a token ${index}`, (db) => countArrivals(db, token!, since)],
      [`refused hosts of a token ${index}`, (db) => listRefusedHosts(db, token!, since, 20)],
      [`the number of refused hosts of a token ${index}`, (db) => countRefusedHosts(db, token!, since)],
      [`sensors of a token that a host took over ${index}`, (db) => listTakenOver(db, token!, since, 20)],
      [
        `arrivals of a token over time ${index}`,
        (db) => countEnrolledByBucket(db, token!, { from: since, widthMs: 5_000 }),
      ],
    ]),
    ["the first and the last arrival of a token", (db) => findEnrollmentSpan(db, token!)],
    ["the last attempt of a token", (db) => findLastAttempt(db, token!)],
    ["the first refusals of a token's hosts", (db) => listFirstRefusals(db, token!)],
    ["the sensors that sensors replaced", (db) => listMergedInto(db, [fleetId("sen", 250)])],
    ["hosts of a rollout", (db) => listAttemptedHosts(db, token!, ["host-000001.example.com"])],
    ["sensors of a token to block", (db) => countBlockable(db, token!, SINCE)],
    ["uses of a token", (db) => countUses(db, token!)],
    ["whether a token has attempts", (db) => hasAttempts(db, token!)],
    ["refusals of a token to delete", (db) => deleteOldRefusals(db, token!, 100, 100)],
    ["clones of a family", (db) => countClones(db, fleetId("sen", 7))],
    ["sensors not seen since", (db) => countSensorsNotSeenSince(db, SINCE, 10_001)],
    ["an asset group", (db) => findGroup(db, NOW, group!)],
    ["a deleted group with assets", (db) => findDeletedGroupWithAssets(db)],
    ["assets of a deleted group", (db) => removeFromGroup(db, otherGroup!, 100)],
    ["a slice of a token's sensors", (db) => blockableSlices(db, noToken!, 0).next()],
    ["the first sensors of a token to block", (db) => listFirstBlockable(db, token!, 0, 100)],
    ["an asset", (db) => findAsset(db, fleetId("ast", 7))],
    ["identifiers of an asset", (db) => listIdentifiers(db, fleetId("ast", 7))],
  ];
}

/** A list that needs the index: without it, the list scans a whole table. */
const NEEDED_BY: Record<string, string> = {
  sensor_listed_hostname: "hosts with updates {}",
  sensor_listing_hostname: "sensors {} by hostname asc",
  sensor_listing_enrolled: "sensors {} by enrolledAt desc",
  sensor_presence_seen: "sensors {} by lastSeenAt asc",
  sensor_token: "the first sensors of a token to block",
  sensor_removed: "sensors removed long ago",
  sensor_replaced_by: "sensors that a sensor replaced",
  asset_name: "assets {} by name",
  asset_created: "assets {} by createdAt",
  asset_identifier_value: "sensors with identifiers of a new host",
  sensor_update_state: 'hosts with updates {"state":"trial"}',
  enrollment_attempt_at: "attempts {}",
  enrollment_attempt_token: `attempts {"enrollmentTokenId":"${noToken}"}`,
};

/** A count or sweep that reads this smaller index. Without it, the query would read a larger index. */
const READ_BY: Record<string, string> = {
  sensor_listing_silent: "sensors {} by lastSeenAt asc",
  sensor_listing_class_hostname: TOKEN_LISTS[0],
  sensor_listing_class_silent: TOKEN_LISTS[1],
  sensor_listing_class_enrolled: TOKEN_LISTS[2],
  sensor_count_key: "the numbers of sensors",
  asset_member_name: `assets {"assetGroupId":"${noGroup}"} by name`,
  asset_member_created: `assets {"assetGroupId":"${group}"} by createdAt`,
  sensor_token_closed: "sensors of a token to block",
  sensor_ephemeral: "ephemeral sensors whose time is over",
  sensor_match_open: "undecided matches",
  sensor_update_ring: "failures of a ring",
  sensor_update_canary: "canaries of a ring",
};

for (const dialect of TESTED_DIALECTS) {
  describe(dialect, () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await createTestDatabase(dialect);
      const { db } = database;
      await insertFleet(db, { sensors: SENSORS, now: NOW });
      if (dialect === "postgres") await sql`vacuum analyze`.execute(db);
    });
    afterAll(async () => await database[Symbol.asyncDispose]());

    const lists = new Map([...sensorLists(SINCE), ...otherLists(), ...updateLists(SINCE)]);
    const sent = new Map<string, Promise<CompiledQuery[]>>();
    /** The queries of a list. Each list runs once. */
    function queries(name: string): Promise<CompiledQuery[]> {
      const found = sent.get(name) ?? queriesOf(database.db, lists.get(name)!);
      sent.set(name, found);
      return found;
    }

    // A list that deletes keeps SQLite's lock until its connection has another transaction. So those that are
    // explained on a second connection below run here first.
    const explained = Object.values(NEEDED_BY);
    const drawn = drawSome([...lists.keys()], DRAWN_LISTS - explained.length);
    for (const name of new Set([...drawn, ...explained])) {
      test(`${name} scans no whole table (${dialect})`, async () => {
        expect(await readWhole(database.db, dialect, await queries(name))).toEqual([]);
      });
    }

    for (const [index, name] of Object.entries(READ_BY)) {
      test(`"${name}" reads ${index} (${dialect})`, async () => {
        expect(await plansOf(database.db, dialect, await queries(name))).toContain(index);
      });
    }

    for (const [index, name] of Object.entries(NEEDED_BY)) {
      test(`without ${index}, "${name}" scans a whole table (${dialect})`, async () => {
        const sent = await queries(name);
        // SQLite cannot drop an index on a connection that has explained a query.
        const db = dialect === "sqlite" ? await database.reopen() : database.db;
        expect(await readWhole(db, dialect, sent, index)).not.toEqual([]);
      });
    }
  });
}
