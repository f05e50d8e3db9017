// An attempt in the ledger always leads to its sensor.
import { expect, test } from "bun:test";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { createTicket } from "@attacklens/protocol/sensors.ts";
import { enrolledSensor, nextNonce } from "../testing/test-instances.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";

const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };

for (const dialect of TESTED_DIALECTS) {
  test(`an accepted attempt names its sensor after the key was rotated, and after a re-enrollment (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { key, sensorId, token } = await enrolledSensor(world, cookie, "allow");
    const post = async (by: TestSensor, path: string, body: unknown, options: object) => {
      const init = by.request("POST", path, body, world.clock.ms, { ...options, nonce: nextNonce() });
      return (await world.fetch(path, init)).status;
    };
    const expectNamed = async () => {
      const query = { enrollmentTokenId: token.id };
      const { items } = await world.call(listEnrollmentAttempts, cookie, { query });
      expect(items.map(({ outcome, sensor }) => [outcome, sensor?.id])).toEqual([["accepted", sensorId]]);
    };
    await expectNamed();

    const rotated = makeTestSensor();
    const announcement = { publicKey: rotated.publicKey, proof: rotated.proof(sensorId) };
    expect(await post(key, "/sensor/v1/check-in", VERSIONS, { keyid: sensorId })).toBe(200);
    expect(await post(key, "/sensor/v1/keys", announcement, { keyid: sensorId })).toBe(204);
    await expectNamed();
    expect(await post(rotated, "/sensor/v1/check-in", VERSIONS, { keyid: sensorId })).toBe(200);
    await expectNamed();

    const { value } = await world.call(createTicket, cookie, { params: { id: sensorId } });
    const own = makeTestSensor();
    expect(await post(own, "/sensor/v1/re-enroll", own.enrollBody(), { token: value })).toBe(201);
    await expectNamed();
  });
}
