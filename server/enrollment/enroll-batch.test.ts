// A rollout costs the database as few statements for a full batch as for one host.
import { expect, test } from "bun:test";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { type KyselyPlugin, sql } from "kysely";
import type { Database } from "../db/schema.ts";
import { hashTokenValue } from "../enrollment-tokens/token-admission.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { enrollBatch } from "./enroll-batch.ts";
import { TOKEN_QUEUE_LIMITS } from "./enrollment-queue.ts";

/** Returns the database, and the number of statements that it has executed since the last call. */
function counting(db: Database) {
  let executed = 0;
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      executed++;
      return result;
    },
  };
  const takeCount = () => {
    const count = executed;
    executed = 0;
    return count;
  };
  return { db: db.withPlugin(plugin), takeCount };
}

for (const dialect of TESTED_DIALECTS) {
  test(`a full batch of hosts needs as many statements as a batch of one (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value } = await world.call(createEnrollmentToken, cookie, {
      body: { name: "Rollout", scope: { type: "all-assets" }, expiresAt: null },
    });
    const { db, takeCount } = counting(world.db);
    let hosts = 0;
    const request = () => {
      const { publicKey, sensorVersion, host } = enroll.body!.parse(
        makeTestSensor().enrollBody(`web-${++hosts}`, {
          productUuid: `4c4c4544-0042-3510-8052-${String(hosts).padStart(12, "0")}`,
          macs: [`d0:94:66:12:${String(hosts).padStart(4, "0").replace(/(..)/, "$1:")}`],
        }),
      );
      const at = world.clock.ms;
      return {
        valueHash: hashTokenValue(value),
        publicKey,
        sensorVersion,
        host,
        at,
        address: "::1",
        nonce: 1,
      };
    };
    const counts: number[] = [];
    for (const size of [1, TOKEN_QUEUE_LIMITS.batch]) {
      const outcomes = await enrollBatch(db, Array.from({ length: size }, request), 60);
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
      counts.push(takeCount());
    }
    expect(counts[1]).toBe(counts[0]!);
    expect(counts[0]).toBeLessThan(20);
  });

  test(`each kind of the hosts of a batch has one class, with their number (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value } = await world.call(createEnrollmentToken, cookie, {
      body: { name: "Rollout", scope: { type: "all-assets" }, expiresAt: null, tags: ["prod"] },
    });
    const at = world.clock.ms;
    const expected: Record<string, number> = {};
    let hosts = 0;
    const request = (sensorVersion: string, platform: "linux" | "windows", osVersion: string) => {
      const kind = `${sensorVersion} ${platform} ${osVersion}`;
      expected[kind] = (expected[kind] ?? 0) + 1;
      const body = makeTestSensor().enrollBody(`web-${++hosts}`, { platform, osVersion });
      const { publicKey, host } = enroll.body!.parse(body);
      const by = { valueHash: hashTokenValue(value), at, address: "::1", nonce: 1 };
      return { ...by, publicKey, sensorVersion, host };
    };
    // The second batch has kinds of the first one, and new ones.
    await enrollBatch(world.db, [request("1.0.0", "linux", "12"), request("2.0.0", "linux", "12")], 60);
    const batch = ["1.0.0", "2.0.0", "1.0.0", "3.0.0"].flatMap((version) => [
      request(version, "linux", "12"),
      request(version, "windows", "12"),
      request(version, "linux", "13"),
    ]);
    await enrollBatch(world.db, batch, 60);
    const { rows } = await sql<{ kind: string; classes: number; listed: number; sensors: number }>`
      select sensor.version || ' ' || sensor.platform || ' ' || sensor.os_version as kind,
        count(distinct sensor_listing.class_id) as classes, count(*) as listed,
        (select sum(sensors) from sensor_count where class_id = min(sensor_listing.class_id)) as sensors
      from sensor join sensor_listing on sensor_listing.sensor_id = sensor.id
      group by sensor.version, sensor.platform, sensor.os_version`.execute(world.db);
    expect(
      Object.fromEntries(rows.map(({ kind, ...row }) => [kind, Object.values(row).map(Number)])),
    ).toEqual(Object.fromEntries(Object.entries(expected).map(([kind, count]) => [kind, [1, count, count]])));
    const { rows: all } = await sql<{ classes: number }>`
      select count(*) as classes from sensor_class`.execute(world.db);
    expect(Number(all[0]!.classes)).toBe(Object.keys(expected).length);
  });
}
