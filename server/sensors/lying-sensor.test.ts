// A sensor that lies in every field, and replayed requests. Neither breaks the lists of the console, and
// neither affects another sensor.
import { expect, test } from "bun:test";
import { listAssets } from "@attacklens/protocol/assets.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { getSensor, listSensors, mergeSensor } from "@attacklens/protocol/sensors.ts";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { drawDialects, openWorld, type World } from "../testing/test-world.ts";

const CHECK_IN = "/sensor/v1/check-in";

async function openToken(world: World) {
  const cookie = await world.signedIn("posture-manager");
  const body = { name: "Any", scope: { type: "all-assets" }, expiresAt: null } as const;
  return { cookie, value: (await world.call(createEnrollmentToken, cookie, { body })).value };
}

const text = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "web-01",
    "../../etc/passwd",
    "=1+1",
    "<img src=x onerror=alert(1)>",
    "' or 1=1 --",
    "\u202eexe",
    "\0",
  ),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constant("x".repeat(300)),
);
const anything = fc.oneof(
  text,
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
  fc.array(text, { maxLength: 80 }),
);
const hardware = fc.constantFrom("4c4c4544-0042", "B5R3342", "d0:94:66:12:34:56");
const mostly = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 19, arbitrary }, { weight: 1, arbitrary: anything });
const host = fc.record(
  {
    hostname: mostly(fc.constantFrom("web-01", "db-07", "=1+1", "<img src=x onerror=alert(1)>")),
    platform: mostly(fc.constantFrom("linux", "windows")),
    architecture: mostly(fc.constant("amd64")),
    osName: mostly(fc.constant("Debian")),
    osVersion: mostly(fc.constant("12")),
    machineId: mostly(hardware),
    productUuid: mostly(hardware),
    serialNumber: mostly(hardware),
    cloudInstanceId: mostly(hardware),
    macs: mostly(fc.array(hardware, { maxLength: 64 })),
    addresses: mostly(fc.array(fc.constantFrom("10.0.0.1", "::1", "nonsense"), { maxLength: 100 })),
  },
  { requiredKeys: ["hostname", "platform", "architecture", "osName", "osVersion"] },
);
const proof = fc.oneof(text, fc.constant(`${"A".repeat(85)}Q`));

for (const dialect of drawDialects()) {
  test(`no reported value causes a 5xx reply or an unreadable list (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const { cookie, value } = await openToken(world);
    let nonce = 0;
    let enrolled = 0;
    await fc.assert(
      fc.asyncProperty(
        host,
        host,
        proof,
        fc.array(text, { maxLength: 3 }),
        async (facts, later, proof, trustedPins) => {
          const key = makeTestSensor();
          const body = { ...key.enrollBody(), protocolVersion: 1, host: facts };
          const init = key.request("POST", "/sensor/v1/enroll", body, world.clock.ms, {
            token: value,
            nonce: ++nonce,
          });
          const reply = await world.fetch("/sensor/v1/enroll", init);
          expect(reply.status).toBeLessThan(500);
          if (reply.status !== 201) return;
          enrolled++;
          const { sensorId } = (await reply.json()) as { sensorId: string };
          const instanceId = crypto.randomUUID();
          const hello = { protocolVersion: 1, sensorVersion: "1" };
          for (const [path, content] of [
            [CHECK_IN, { ...hello, host: later }],
            [CHECK_IN, { ...hello, trustedPins }],
            ["/sensor/v1/keys", { publicKey: key.publicKey, proof }],
            ["/sensor/v1/clones", { ...body, proof, host: later }],
          ] as const) {
            const request = key.request("POST", path, content, world.clock.ms, {
              keyid: sensorId,
              instanceId,
              nonce: ++nonce,
            });
            expect((await world.fetch(path, request)).status).toBeLessThan(500);
          }
          world.clock.ms += 600_000;
        },
      ),
      { numRuns: drawnCases(60) },
    );
    expect(enrolled).toBeGreaterThan(drawnCases(60) / 12);
    const { items } = await world.call(listSensors, cookie, { query: { limit: 200 } });
    expect(items).toHaveLength(enrolled);
    for (const { id, match } of items) {
      await world.call(getSensor, cookie, { params: { id } });
      if (match)
        await world
          .call(mergeSensor, cookie, { params: { id }, body: { predecessorId: match.sensor.id } })
          .catch((error) => {
            // A sensor that was just merged is no longer a predecessor.
            expect(String(error)).toContain("409");
          });
    }
    await world.call(listSensors, cookie, { query: { match: "any", status: "offline" } });
    await world.call(listAssets, cookie, {});
  }, 120_000);

  test(`a replayed request is refused after a restart, and by another installation (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    await using elsewhere = await openWorld(dialect);
    const { value } = await openToken(world);
    const key = makeTestSensor();
    const enrolling = key.request("POST", "/sensor/v1/enroll", key.enrollBody(), world.clock.ms, {
      token: value,
    });
    const { sensorId } = (await (await world.fetch("/sensor/v1/enroll", enrolling)).json()) as {
      sensorId: string;
    };
    const hello = { protocolVersion: 1, sensorVersion: "1", host: key.enrollBody().host };
    const instanceId = crypto.randomUUID();
    const request = key.request("POST", CHECK_IN, hello, world.clock.ms, { keyid: sensorId, instanceId });
    const captured = () => ({ ...request, headers: { ...(request.headers as Record<string, string>) } });
    expect((await world.fetch(CHECK_IN, captured())).status).toBe(200);

    const restarted = await world.secondFetch();
    const again = await restarted(CHECK_IN, captured());
    expect(again.status).toBe(401);
    expect(await again.json()).toMatchObject({ code: "signature-replayed" });
    expect(await (await elsewhere.fetch(CHECK_IN, captured())).json()).toMatchObject({
      code: "sensor-unknown",
    });
    expect(await (await elsewhere.fetch("/sensor/v1/enroll", enrolling)).json()).toMatchObject({
      code: "token-unknown",
    });
    // A replayed enrollment returns the same sensor. The attacker gains no key to sign with.
    expect(await (await restarted("/sensor/v1/enroll", enrolling)).json()).toMatchObject({ sensorId });
    for (const path of ["/sensor/v1/unenroll", "/sensor/v1/keys"]) {
      const moved = await restarted(path, captured());
      expect(await moved.json()).toMatchObject({
        code: expect.stringMatching(/signature-invalid|input-invalid/),
      });
    }
  });
}
