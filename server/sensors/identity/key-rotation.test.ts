// Key rotation, re-enrollment tickets, and signed refusals.
import { expect, test } from "bun:test";
import { createHash, createPublicKey, verify } from "node:crypto";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { blockSensor, createTicket, deleteSensor, getSensor } from "@attacklens/protocol/sensors.ts";
import { responseSignatureBase } from "@attacklens/protocol/signature.ts";
import { makeTestSensor, type TestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../../testing/test-world.ts";

// biome-ignore lint/suspicious/noExplicitAny: replies of any route
type Answer = { status: number; body: any };
const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const INSTANCE = "0f5a2c1e-7c1e-4a3b-9a51-5b0c2f3d4e5f";

async function setUp(dialect: (typeof TESTED_DIALECTS)[number]) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const { value } = await world.call(tokens.createEnrollmentToken, cookie, {
    body: { name: "All", scope: { type: "all-assets" }, expiresAt: null },
  });
  const key = makeTestSensor();
  const { body } = await post(world, key, "/sensor/v1/enroll", key.enrollBody("db-07"), { token: value });
  return {
    world,
    cookie,
    key,
    token: value,
    sensorId: body.sensorId as string,
    serverKey: body.serverKey as string,
  };
}

let nonce = 0;
async function post(
  world: World,
  key: TestSensor,
  path: string,
  body: unknown,
  options: { token?: string; keyid?: string; instanceId?: string },
): Promise<Answer> {
  const init = key.request("POST", path, body, world.clock.ms, { ...options, nonce: ++nonce });
  const response = await world.fetch(path, init);
  return { status: response.status, body: response.status === 204 ? null : await response.json() };
}

const checkIn = (world: World, key: TestSensor, keyid: string) =>
  post(world, key, "/sensor/v1/check-in", VERSIONS, { keyid, instanceId: INSTANCE });

for (const dialect of TESTED_DIALECTS) {
  test(`both keys are valid until the first request with the new one; then the old key marks a clone (${dialect})`, async () => {
    const { world, cookie, key, sensorId } = await setUp(dialect);
    await using _ = world;
    const next = makeTestSensor();
    const announce = (by: TestSensor, announced: TestSensor, proof = announced.proof(sensorId)) =>
      post(
        world,
        by,
        "/sensor/v1/keys",
        { publicKey: announced.publicKey, proof },
        { keyid: sensorId, instanceId: INSTANCE },
      );
    expect((await checkIn(world, key, sensorId)).body.rotateKey).toBe(false);
    world.clock.ms += 30 * 86_400_000 + 1;
    expect((await checkIn(world, key, sensorId)).body.rotateKey).toBe(true);
    expect((await announce(key, next, makeTestSensor().proof(sensorId))).body.code).toBe("signature-invalid");
    expect((await announce(key, key)).body.code).toBe("key-taken");
    // The first announcement is replaced by another, which is repeated because its reply was lost.
    for (const announced of [makeTestSensor(), next, next])
      expect((await announce(key, announced)).status).toBe(204);
    expect((await checkIn(world, key, sensorId)).status).toBe(200);
    expect((await checkIn(world, next, sensorId)).body).toMatchObject({ rotateKey: false });
    expect((await checkIn(world, key, sensorId)).body.code).toBe("sensor-cloned");
    expect((await checkIn(world, makeTestSensor(), sensorId)).body.code).toBe("signature-invalid");
    expect((await checkIn(world, next, sensorId)).status).toBe(200);
    const { keyChangedAt } = await world.call(getSensor, cookie, { params: { id: sensorId } });
    expect(keyChangedAt).toBe(new Date(world.clock.ms).toISOString());
    // An old backup of the identity becomes a separate sensor, which needs approval.
    const own = makeTestSensor();
    const body = { ...own.enrollBody("db-07"), proof: own.proof(sensorId) };
    const clone = await post(world, key, "/sensor/v1/clones", body, {
      keyid: sensorId,
      instanceId: crypto.randomUUID(),
    });
    expect(clone.body).toMatchObject({ awaitingApproval: true });
    expect(clone.body.sensorId).not.toBe(sensorId);
    const shown = await world.call(getSensor, cookie, { params: { id: sensorId } });
    expect(shown.clones.map(({ sensor }) => sensor?.id)).toEqual([clone.body.sensorId]);
  });

  test(`only one of two sensors that announce the same key at once gets it (${dialect})`, async () => {
    const { world, key, token, sensorId } = await setUp(dialect);
    await using _ = world;
    const other = makeTestSensor();
    const { body } = await post(world, other, "/sensor/v1/enroll", other.enrollBody("db-08"), { token });
    await checkIn(world, key, sensorId);
    await checkIn(world, other, body.sensorId);
    const shared = makeTestSensor();
    const answers = await Promise.all(
      (
        [
          [key, sensorId],
          [other, body.sensorId],
        ] as const
      ).map(([by, id]) =>
        post(
          world,
          by,
          "/sensor/v1/keys",
          { publicKey: shared.publicKey, proof: shared.proof(id) },
          { keyid: id, instanceId: INSTANCE },
        ),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409]);
  });

  test(`a ticket moves the sensor to one new key, once, within an hour; the old key is refused at once (${dialect})`, async () => {
    const { world, cookie, key, token, sensorId } = await setUp(dialect);
    await using _ = world;
    const params = { id: sensorId };
    const make = async () => (await world.call(createTicket, cookie, { params })).value;
    const use = (ticket: string, by: TestSensor, hostname = "db-07b") =>
      post(world, by, "/sensor/v1/re-enroll", by.enrollBody(hostname), { token: ticket });

    const superseded = await make();
    const ticket = await make();
    expect((await use(superseded, makeTestSensor())).body.code).toBe("ticket-unknown");
    // An enrollment token cannot re-enroll an existing sensor.
    expect((await use(token, makeTestSensor())).body.code).toBe("ticket-unknown");
    expect((await post(world, makeTestSensor(), "/sensor/v1/enroll", {}, { token: ticket })).status).toBe(
      401,
    );
    expect((await use(ticket, key)).body.code).toBe("key-taken");

    const rivals = [makeTestSensor(), makeTestSensor(), makeTestSensor()];
    const answers = await Promise.all(rivals.map((rival) => use(ticket, rival)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 401, 401]);
    const winner = rivals[answers.findIndex(({ status }) => status === 201)]!;
    expect((await use(ticket, winner)).body.sensorId).toBe(sensorId);
    expect((await checkIn(world, key, sensorId)).body).toMatchObject({
      code: "key-replaced",
      detail: expect.stringContaining("2026-11-24T09:00:00.000Z"),
    });
    expect((await checkIn(world, winner, sensorId)).status).toBe(200);
    expect((await checkIn(world, key, sensorId)).body.code).toBe("key-replaced");
    const shown = await world.call(getSensor, cookie, { params });
    expect(shown).toMatchObject({ id: sensorId, hostname: "db-07b", enrolledBy: { name: "All" } });

    const late = await make();
    world.clock.ms += 3_600_000;
    expect((await use(late, makeTestSensor())).body).toMatchObject({
      code: "ticket-unknown",
      detail: expect.stringContaining("ended"),
    });
    const blocked = await make();
    await world.call(blockSensor, cookie, { params });
    expect((await use(blocked, makeTestSensor())).body.code).toBe("sensor-blocked");
    expect((await world.call(getSensor, cookie, { params })).can.reEnroll).toEqual({
      allowed: false,
      reason: "Can't re-enroll the sensor: it is blocked. Unblock it first.",
    });
    await world.call(deleteSensor, cookie, { params });
    expect((await use(blocked, makeTestSensor())).body.code).toBe("ticket-unknown");
    const secrets = [superseded, ticket, late, blocked].map((value) => value.slice(8, -6));
    const stored = JSON.stringify([
      await world.db.selectFrom("reEnrollTicket").selectAll().execute(),
      await world.db.selectFrom("auditEvent").selectAll().execute(),
    ]);
    for (const secret of secrets) expect(stored).not.toContain(secret);
  });

  test(`the signature of a refusal is valid only for the refused request (${dialect})`, async () => {
    const { world, key, sensorId, serverKey } = await setUp(dialect);
    await using _ = world;
    const init = key.request("POST", "/sensor/v1/check-in", VERSIONS, world.clock.ms - 172_800_000, {
      keyid: sensorId,
      instanceId: INSTANCE,
      nonce: ++nonce,
    });
    const response = await world.fetch("/sensor/v1/check-in", init);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      code: "clock-skewed",
      serverTime: new Date(world.clock.ms).toISOString(),
    });
    const contentDigest = `sha-256=:${createHash("sha256").update(text).digest("base64")}:`;
    expect(response.headers.get("content-digest")).toBe(contentDigest);
    const params = response.headers.get("signature-input")!.replace(/^sig1=/, "");
    expect(params).toContain(`keyid="${serverKey}"`);
    const signature = Buffer.from(/^sig1=:(.+):$/.exec(response.headers.get("signature")!)![1]!, "base64");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: serverKey }, format: "jwk" });
    const verifies = (requestSignature: string) =>
      verify(
        null,
        Buffer.from(responseSignatureBase({ status: 401, contentDigest, requestSignature }, params)),
        publicKey,
        signature,
      );
    const headers = init.headers as Record<string, string>;
    expect(verifies(headers.signature!)).toBe(true);
    expect(verifies("sig1=:AAAA:")).toBe(false);
  });

  test(`re-enrollment without a ticket is refused, and a deleted sensor is unknown (${dialect})`, async () => {
    const { world, cookie, key, sensorId } = await setUp(dialect);
    await using _ = world;
    const other = makeTestSensor();
    const without = await post(world, other, "/sensor/v1/re-enroll", other.enrollBody("db-07"), {});
    expect(without.body).toMatchObject({ status: 401, code: "ticket-unknown" });
    expect(without.body.detail).toContain("Authorization");
    await world.call(deleteSensor, cookie, { params: { id: sensorId } });
    expect((await checkIn(world, key, sensorId)).body.code).toBe("sensor-unknown");
  });

  test(`an unsupported protocol version is refused with the field's name, in a signed reply (${dialect})`, async () => {
    const { world, key, sensorId } = await setUp(dialect);
    await using _ = world;
    expect((await checkIn(world, key, sensorId)).status).toBe(200);
    const body = { ...VERSIONS, protocolVersion: 2 };
    const init = key.request("POST", "/sensor/v1/check-in", body, world.clock.ms, {
      keyid: sensorId,
      instanceId: INSTANCE,
      nonce: ++nonce,
    });
    const refused = await world.fetch("/sensor/v1/check-in", init);
    expect(await refused.json()).toMatchObject({
      code: "input-invalid",
      fields: { protocolVersion: "must be 1" },
    });
    expect(refused.headers.has("signature")).toBe(true);
  });
}
