// Lists of a fleet with so many sensors that a filter has more than a page sorts. Their pages are compared
// with all rows. Some sensors have another status than their marks, because the job has not looked yet.
import { expect, test } from "bun:test";
import { sql } from "kysely";
import { fleetId } from "../../harness/fleet-rows.ts";
import { drawnCases } from "../../harness/long-tests.ts";
import { newSeed, seededRandom } from "../../harness/seeded-random.ts";
import { allPages, expected, SORTS } from "../testing/expected-lists.ts";
import { pick } from "../testing/fleet-changes.ts";
import { insertFleet } from "../testing/insert-fleet.ts";
import { allRows, INTERVAL_SECONDS } from "../testing/sensor-recount.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { onlineSince } from "./record/sensor-status.ts";
import type { SensorPage } from "./sensor-page-store.ts";

const START = 1_780_000_000_000;
const SENSORS = 6_000;
const SHARED = "172.17.0.1";

for (const dialect of TESTED_DIALECTS)
  test(`filters with more sensors than a page sorts have the sensors that match (${dialect})`, async () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await insertFleet(db, { sensors: SENSORS, now: START });
    // An address that many hosts share, such as that of a container network.
    await sql`insert into asset_identifier (asset_id, type, value) select id, 'ip-address', ${SHARED} from asset`.execute(
      db,
    );
    await sql`update sensor_presence set last_seen_at = ${START - 240_000}
      where last_nonce % 3 = 0 and is_silent = 0`.execute(db);
    await sql.raw(dialect === "postgres" ? "vacuum analyze" : "analyze").execute(db);
    const rows = await allRows(db, START);
    const since = onlineSince(START, INTERVAL_SECONDS);
    const narrow: Partial<SensorPage>[] = [
      ...["10.0.0.0/20", "10.0.0.0/21", "2001:db8::/32"].map((address) => ({ address })),
      ...[60_000, 4 * 3_600_000].map((ago) => ({ seenBefore: new Date(START - ago).toISOString() })),
    ];
    const others: Partial<SensorPage>[] = [
      ...[{}, { assetGroupId: fleetId("grp", 1) }, { enrollmentTokenId: fleetId("tok", 1) }],
      ...[{ version: "2026.11.0" }, { tag: "pci" }, { platform: "linux" }, { q: SHARED }, { q: "host-00" }],
      ...["online", "offline", "offline,pending,blocked"].flatMap((status) => [
        { status },
        { status, assetGroupId: fleetId("grp", 1) },
      ]),
    ];
    for (let list = 0; list < drawnCases(60); list++) {
      const page: SensorPage = {
        ...pick(random, narrow),
        ...pick(random, others),
        sort: pick(random, Object.keys(SORTS) as SensorPage["sort"][]),
        order: pick(random, ["asc", "desc"] as const),
        limit: pick(random, [50, 200]),
        ...(random() < 0.3 ? { count: "exact" as const } : {}),
      };
      const ids = expected(rows, page);
      const { totals, ...found } = await allPages(db, since, page);
      expect({ seed, page, ...found }).toEqual({ seed, page, ids });
      const wrong = totals.filter((total) => total !== String(ids.length) && !total.endsWith("+"));
      const capped = page.count === "exact" ? totals.filter((total) => total.endsWith("+")) : [];
      expect({ seed, page, wrong, capped }).toMatchObject({ wrong: [], capped: [] });
    }
  }, 120_000);
