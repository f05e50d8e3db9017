// The requests that spend their nonce: see docs/sensor-protocol.md, "The nonce".
import { expect, test } from "bun:test";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { blockSensor, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { makeTestSensor, type SignOptions } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../../testing/test-world.ts";
import { findLastNonce } from "../record/presence-store.ts";

const CHECK_IN = "/sensor/v1/check-in";
const INSTANCE = "0f5a2c1e-7c1e-4a3b-9a51-5b0c2f3d4e5f";
const BODY = { protocolVersion: 1, sensorVersion: "2026.11.0" };

for (const dialect of TESTED_DIALECTS) {
  test(`a fresh, correctly signed request of a sensor that is not blocked spends its nonce (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const sensor = makeTestSensor();
    const params = { id: await enroll(sensor, false) };
    let nonce = 100;
    /** The status of a success or the code of a problem, and whether the nonce was spent. */
    async function outcome(
      body: unknown,
      options: SignOptions = {},
      { by = sensor, path = CHECK_IN, id = params.id } = {},
    ) {
      const sent = options.nonce ?? ++nonce;
      const init = by.request("POST", path, body, world.clock.ms, {
        keyid: id,
        instanceId: INSTANCE,
        ...options,
        nonce: sent,
      });
      const before = await findLastNonce(world.db, id);
      const response = await world.fetch(path, init);
      const isSpent = before !== sent && (await findLastNonce(world.db, id)) === sent;
      return [response.status < 300 ? response.status : (await response.json()).code, isSpent];
    }

    expect(await outcome(BODY, {}, { by: makeTestSensor() })).toEqual(["signature-invalid", false]);
    const long = world.clock.ms - 172_800_000;
    expect(await outcome(BODY, { createdMs: long })).toEqual(["clock-skewed", false]);
    expect(await outcome(BODY, { params: ";expires=1" })).toEqual(["signature-invalid", false]);
    expect(await outcome({}, {}, { path: "/sensor/v1/confirm" })).toEqual(["state-conflict", true]);
    expect(await outcome(BODY)).toEqual([200, true]);
    expect(await outcome(BODY, { nonce })).toEqual(["signature-replayed", false]);
    expect(await outcome(BODY, { tamper: "{}" })).toEqual(["signature-invalid", true]);
    expect(await outcome({})).toEqual(["input-invalid", true]);
    await world.call(blockSensor, cookie, { params });
    expect(await outcome(BODY)).toEqual(["sensor-blocked", false]);
    await world.call(unblockSensor, cookie, { params });
    expect(await outcome(BODY)).toEqual([200, true]);

    const waiting = makeTestSensor();
    const id = await enroll(waiting, true);
    // The enrollment has already spent this nonce.
    expect(await outcome(BODY, { nonce: 1 }, { by: waiting, id })).toEqual(["signature-replayed", false]);
    expect(await outcome(BODY, {}, { by: waiting, id })).toEqual(["sensor-awaiting-approval", true]);

    async function enroll(by: typeof sensor, requireApproval: boolean): Promise<string> {
      const { value } = await world.call(createEnrollmentToken, cookie, {
        body: {
          name: `Approval: ${requireApproval}`,
          scope: { type: "all-assets" },
          expiresAt: null,
          requireApproval,
        },
      });
      const init = by.request("POST", "/sensor/v1/enroll", by.enrollBody(), world.clock.ms, { token: value });
      return ((await (await world.fetch("/sensor/v1/enroll", init)).json()) as { sensorId: string }).sensorId;
    }
  });
}
