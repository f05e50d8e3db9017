// MACs of check-ins and uploads, whose key both sides derive: what they may authenticate, and what ends them.
import { expect, test } from "bun:test";
import { createPublicKey, diffieHellman, generateKeyPairSync, verify } from "node:crypto";
import { agreementKey, type ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { serverAgreementBase } from "@attacklens/protocol/signature.ts";
import fc from "fast-check";
import { drawnCases } from "../../../harness/long-tests.ts";
import type { SensorCaller } from "../../caller.ts";
import { makeTestSensor, type SignOptions, type TestSensor } from "../../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS } from "../../testing/test-world.ts";
import { settleInstance } from "../clones/clones.ts";
import { openAgreementKeys, settleAgreement } from "./agreement-keys.ts";

const CHECK_IN = "/sensor/v1/check-in";
const VERSIONS = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const DAY_MS = 86_400_000;
/** X25519 points of small order, and encodings that are not canonical (RFC 7748, section 5). */
const REFUSED_POINTS = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  `${"09".padEnd(62, "0")}80`,
].map((hex) => Buffer.from(hex, "hex").toString("base64url"));

async function setUp(dialect: (typeof TESTED_DIALECTS)[number]) {
  const world = await openWorld(dialect);
  const cookie = await world.signedIn("posture-manager");
  const body = { name: "Any", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await world.call(createEnrollmentToken, cookie, { body });
  const otherFetch = await world.secondFetch();
  const sensor = makeTestSensor();
  let nonce = 0;
  type Options = SignOptions & { fetch?: typeof world.fetch; by?: TestSensor; method?: string };
  const send = async (path: string, body: unknown, options: Options = {}) => {
    const { fetch = world.fetch, by = sensor, method = "POST", ...signing } = options;
    const init = by.request(method, path, body, world.clock.ms, { nonce: ++nonce, ...signing });
    const reply = await fetch(path, init);
    const text = await reply.text();
    return { status: reply.status, body: text === "" ? {} : JSON.parse(text) };
  };
  const enrolled = await send("/sensor/v1/enroll", sensor.enrollBody(), { token: value });
  const id = enrolled.body.sensorId as string;
  /** Announces the sensor's X25519 key. Returns the server's. */
  const announce = async (options: Options = {}) => {
    const { by = sensor } = options;
    const reply = await send(
      CHECK_IN,
      { ...VERSIONS, agreementKey: by.agreementKey },
      { keyid: id, ...options },
    );
    return reply.body.agreement as ServerAgreement | undefined;
  };
  /** The status of a success, or the code of a problem. */
  const checkIn = async (macWith: ServerAgreement | undefined, options: Options = {}) => {
    const reply = await send(CHECK_IN, VERSIONS, { keyid: id, macWith, ...options });
    return reply.status === 200 ? 200 : (reply.body.code as string);
  };
  return { world, cookie, id, sensor, otherFetch, send, announce, checkIn, params: { id } };
}

for (const dialect of TESTED_DIALECTS) {
  test(`a sensor that has announced a key checks in with MACs on each server (${dialect})`, async () => {
    const { world, id, otherFetch, send, announce, checkIn } = await setUp(dialect);
    await using _ = world;
    expect(await checkIn(undefined)).toBe(200);
    const server = (await announce())!;
    for (const fetch of [world.fetch, otherFetch, world.fetch])
      expect(await checkIn(server, { fetch })).toBe(200);
    const { body } = await send(CHECK_IN, VERSIONS, { keyid: id, macWith: server });
    expect(body).not.toHaveProperty("agreement");
    expect(await announce()).toEqual(server);
    const uploaded = await send(
      "/sensor/v1/inventory/users",
      { root: "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945", chunks: [] },
      { keyid: id, macWith: server, method: "PUT" },
    );
    expect(uploaded).toEqual({ status: 200, body: { missing: [] } });
  });

  test(`a first check-in changes the sensor once, and its server knows the present state (${dialect})`, async () => {
    const { world, id, announce, checkIn } = await setUp(dialect);
    await using _ = world;
    const stored = () =>
      world.db.selectFrom("sensor").select(["revision", "agreementKey"]).executeTakeFirstOrThrow();
    const before = await stored();
    const server = (await announce())!;
    const after = await stored();
    expect([before.agreementKey, after.revision - before.revision]).toEqual([null, 1]);
    expect(world.services.rememberedSensors.recall(id)).toMatchObject(after);
    expect(await checkIn(server)).toBe(200);
    expect(await stored()).toEqual(after);
  });

  test(`a key that is announced while another replaces the sensor's is not stored (${dialect})`, async () => {
    const { world, id, sensor } = await setUp(dialect);
    await using _ = world;
    const { rememberedSensors } = world.services;
    const state = (await rememberedSensors.read(id))!;
    const caller: SensorCaller = {
      ...{ ...state, instanceId: "b".repeat(32), standing: "open" as const, hasNewcomers: false },
      ...{ accepts: [], serverKeyId: undefined, report: "", isRepeated: false },
    };
    const at = { now: world.clock.ms, address: "192.0.2.1", checkInIntervalSeconds: 60 };
    const { agreementKey } = sensor;
    const settled = await settleInstance(world.db, at, caller, { isCheckIn: true });
    expect(settled).toMatchObject({ holdsKey: true, after: { agreementKey: null } });
    const current = openAgreementKeys("secret", () => "").current(world.clock.ms);
    const earlier = { ...caller, publicKey: "an earlier key" };
    const announcing = settleAgreement(world.db, current, earlier, settled, agreementKey);
    await expect(announcing).rejects.toMatchObject({ code: "too-many-requests" });
    expect(await settleAgreement(world.db, current, caller, settled, agreementKey)).toEqual(current);
  });

  test(`a block, a deletion and a nonce apply to the first MAC on another server (${dialect})`, async () => {
    const { world, cookie, otherFetch, announce, checkIn, params } = await setUp(dialect);
    await using _ = world;
    const server = await announce();
    const onOther = (options = {}) => checkIn(server, { fetch: otherFetch, ...options });
    for (let round = 0; round < 2; round++)
      expect([await checkIn(server), await onOther()]).toEqual([200, 200]);
    await world.call(sensors.blockSensor, cookie, { params });
    expect(await onOther()).toBe("sensor-blocked");
    await world.call(sensors.unblockSensor, cookie, { params });
    expect(await onOther()).toBe(200);
    expect(await checkIn(server, { nonce: 500 })).toBe(200);
    expect(await onOther({ nonce: 500 })).toBe("signature-replayed");
    expect(await onOther({ nonce: 499 })).toBe("signature-replayed");
    expect(await onOther({ nonce: 501 })).toBe(200);
    await world.call(sensors.deleteSensor, cookie, { params });
    expect(await onOther({ nonce: 502 })).toBe("sensor-unknown");
  });

  test(`another key or another instance ends the MACs of the one before (${dialect})`, async () => {
    const { world, cookie, id, sensor, otherFetch, send, announce, checkIn, params } = await setUp(dialect);
    await using _ = world;
    const server = await announce();
    expect(await checkIn(server, { fetch: otherFetch })).toBe(200);

    const instanceId = crypto.randomUUID();
    expect(await checkIn(server, { instanceId })).toBe("signature-invalid");
    expect(await checkIn(undefined, { instanceId })).toBe(200);
    expect(await checkIn(server, { instanceId })).toBe("signature-invalid");
    expect(await checkIn(server, { fetch: otherFetch })).toBe("signature-invalid");
    expect(await announce({ instanceId })).toEqual(server);
    expect(await checkIn(server, { instanceId, fetch: otherFetch })).toBe(200);

    const next = makeTestSensor();
    const announcement = { publicKey: next.publicKey, proof: next.proof(id) };
    await send("/sensor/v1/keys", announcement, { keyid: id, instanceId });
    expect(await checkIn(server, { instanceId, fetch: otherFetch })).toBe(200);
    expect(await checkIn(undefined, { instanceId, by: next })).toBe(200);
    expect(await checkIn(server, { instanceId, fetch: otherFetch })).toBe("signature-invalid");
    expect(await checkIn(undefined, { instanceId, by: sensor })).toBe("sensor-cloned");
    await announce({ instanceId, by: next });
    expect(await checkIn(server, { instanceId, by: next, fetch: otherFetch })).toBe(200);

    const { value } = await world.call(sensors.createTicket, cookie, { params });
    const last = makeTestSensor();
    await send("/sensor/v1/re-enroll", last.enrollBody(), { by: last, token: value });
    expect(await checkIn(server, { instanceId, by: next, fetch: otherFetch })).toBe("signature-invalid");
    expect(await checkIn(undefined, { instanceId, by: next })).toBe("key-replaced");
  });
}

test("a MAC authenticates nothing but check-ins and uploads, and announces no key", async () => {
  const { world, id, sensor, send, announce } = await setUp("sqlite");
  await using _ = world;
  const macWith = await announce();
  const next = makeTestSensor();
  const proven = { publicKey: next.publicKey, proof: next.proof(id) };
  const refused: [string, unknown][] = [
    ["/sensor/v1/keys", proven],
    ["/sensor/v1/clones", { ...next.enrollBody(), ...proven }],
    ["/sensor/v1/confirm", {}],
    ["/sensor/v1/unenroll", {}],
    [CHECK_IN, { ...VERSIONS, agreementKey: next.agreementKey }],
  ];
  for (const [path, body] of refused) {
    const { status, body: problem } = await send(path, body, { keyid: id, macWith });
    expect([path, status, problem.code]).toEqual([path, 401, "signature-invalid"]);
  }
  const token = `atl_enr_${"0".repeat(43)}`;
  const enrolling = await send("/sensor/v1/enroll", sensor.enrollBody(), { token, macWith });
  expect(enrolling.status).toBe(401);
  expect((await send(CHECK_IN, VERSIONS, { keyid: id, macWith })).status).toBe(200);
});

test("a MAC over anything else than the request is refused", async () => {
  const { world, id, sensor, announce, checkIn } = await setUp("sqlite");
  await using _ = world;
  const server = (await announce())!;
  expect(await checkIn(server, { tamper: '{"protocolVersion":1,"sensorVersion":"9"}' })).toBe(
    "signature-invalid",
  );
  expect(await checkIn(server, { createdMs: world.clock.ms - 301_000 })).toBe("clock-skewed");
  expect(await checkIn({ ...server, id: "A".repeat(16) })).toBe("signature-invalid");
  expect(await checkIn(server, { by: makeTestSensor() })).toBe("signature-invalid");
  expect(await checkIn(server, { keyid: "sen_01980000-0000-7000-8000-000000000000" })).toBe("sensor-unknown");
  expect(await checkIn(server, { components: ["@method", "@path", "content-digest"] })).toBe(
    "signature-invalid",
  );
  let nonce = 1_000;
  const header = fc.constantFrom("signature", "signature-input", "content-digest", "sensor-instance");
  const change = fc.tuple(header, fc.nat(), fc.nat(61));
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  await fc.assert(
    fc.asyncProperty(change, async ([name, at, letter]) => {
      const init = sensor.request("POST", CHECK_IN, VERSIONS, world.clock.ms, {
        ...{ keyid: id, macWith: server, nonce: ++nonce },
      });
      const headers = { ...(init.headers as Record<string, string>) };
      const text = headers[name]!;
      // The last character of base64 has spare bits.
      const place = at % (text.length - 3);
      const changed = text.slice(0, place) + letters[letter] + text.slice(place + 1);
      headers[name] = changed;
      const { status } = await world.fetch(CHECK_IN, { ...init, headers });
      expect([changed, status]).toEqual([changed, changed === text ? 200 : 401]);
    }),
    { numRuns: drawnCases(150) },
  );
});

test("the server's key changes each period, and the one before is accepted for a week", async () => {
  const { world, id, send, announce, checkIn } = await setUp("sqlite");
  await using _ = world;
  const first = (await announce())!;
  const replyTo = async (macWith: ServerAgreement) =>
    (await send(CHECK_IN, VERSIONS, { keyid: id, macWith })).body.agreement as ServerAgreement | undefined;
  const period = 90 * DAY_MS;
  world.clock.ms = Math.ceil(world.clock.ms / period) * period - 1;
  expect(await replyTo(first)).toBeUndefined();
  world.clock.ms += 1;
  const second = (await replyTo(first))!;
  expect(second.id).not.toBe(first.id);
  expect(await replyTo(second)).toBeUndefined();
  world.clock.ms += 7 * DAY_MS - 1;
  expect(await checkIn(first)).toBe(200);
  world.clock.ms += 1;
  expect(await checkIn(first)).toBe("signature-invalid");
  expect(await announce()).toEqual(second);
  expect(await checkIn(second)).toBe(200);
});

test("the server signs its key, and servers with one secret have the same", () => {
  const keys = (secret: string) => openAgreementKeys(secret, (text) => `${text}, signed`);
  const at = Date.parse("2026-11-24T09:00:00Z");
  const agreement = keys("a".repeat(32)).current(at);
  expect(agreement.signature).toBe(`${serverAgreementBase(agreement.id, agreement.publicKey)}, signed`);
  expect(keys("a".repeat(32)).current(at)).toEqual(agreement);
  expect(keys("b".repeat(32)).current(at).id).not.toBe(agreement.id);
});

test("a sensor verifies the server's key with the key that it has of the server", async () => {
  const { world, id, send, sensor } = await setUp("sqlite");
  await using _ = world;
  const body = { ...VERSIONS, agreementKey: sensor.agreementKey };
  const { serverKey, agreement } = (await send(CHECK_IN, body, { keyid: id })).body;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: serverKey }, format: "jwk" });
  const base = Buffer.from(serverAgreementBase(agreement.id, agreement.publicKey));
  expect(verify(null, base, key, Buffer.from(agreement.signature, "base64url"))).toBe(true);
});

test("points of small order and other encodings are no keys, and none would derive a key", async () => {
  const { world, id, send } = await setUp("sqlite");
  await using _ = world;
  const { privateKey } = generateKeyPairSync("x25519");
  for (const point of REFUSED_POINTS) {
    expect([point, agreementKey.safeParse(point).success]).toEqual([point, false]);
    const reply = await send(CHECK_IN, { ...VERSIONS, agreementKey: point }, { keyid: id });
    expect(reply.body.code).toBe("input-invalid");
  }
  for (const x of REFUSED_POINTS.slice(0, 6)) {
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
    expect(() => diffieHellman({ privateKey, publicKey })).toThrow();
  }
});

test("an undecided instance gets no key of the server", async () => {
  const { world, id, sensor, send, announce } = await setUp("sqlite");
  await using _ = world;
  const first = { hostname: "web-01", machineId: "1" };
  const host = (facts: Record<string, unknown>) => ({ ...sensor.enrollBody("web-01", facts).host });
  await send(CHECK_IN, { ...VERSIONS, host: host(first) }, { keyid: id });
  await announce();
  const instanceId = crypto.randomUUID();
  const body = { ...VERSIONS, agreementKey: makeTestSensor().agreementKey, host: host({ machineId: "2" }) };
  const reply = await send(CHECK_IN, body, { keyid: id, instanceId });
  expect(reply.body).toMatchObject({ undecided: true });
  expect(reply.body).not.toHaveProperty("agreement");
});
