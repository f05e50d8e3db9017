// A rollout costs the database as few statements for a full batch as for one host.
import { expect, test } from "bun:test";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { KyselyPlugin } from "kysely";
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
}
