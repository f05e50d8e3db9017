import { expect, test } from "bun:test";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import * as assets from "@attacklens/protocol/assets.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { makeTestSensor, type SignOptions, type TestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const PATH = "/sensor/v1/enroll";

async function makeToken(
  world: World,
  cookie: string,
  options: { assetGroupId?: string; expiresAt?: string; maxEnrollments?: number } = {},
) {
  const scope = options.assetGroupId
    ? ({ type: "asset-group", assetGroupId: options.assetGroupId } as const)
    : ({ type: "all-assets" } as const);
  const { expiresAt = null, maxEnrollments = null } = options;
  const body = { name: `Token ${crypto.randomUUID()}`, scope, expiresAt, maxEnrollments };
  return await world.call(tokens.createEnrollmentToken, cookie, { body });
}

async function enroll(
  world: Pick<World, "fetch" | "clock">,
  sensor: TestSensor,
  token: string,
  body = sensor.enrollBody(),
  options: SignOptions = {},
) {
  const response = await world.fetch(
    PATH,
    sensor.request("POST", PATH, body, world.clock.ms, { token, ...options }),
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

for (const dialect of TESTED_DIALECTS) {
  test(`an enrolled sensor is pending, and has an asset in the token's group (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const group = await world.call(groups.createAssetGroup, cookie, { body: { name: "Web" } });
    const token = await makeToken(world, cookie, { assetGroupId: group.id });
    const host = makeTestSensor();
    // Each identifier counts once.
    const macs = ["52:54:00:AA:BB:01", "52:54:00:aa:bb:01"];
    const facts = { machineId: "web-01", addresses: ["10.1.2.3", "10.1.2.3"], macs };
    const reply = await enroll(world, host, token.value, host.enrollBody("web-01", facts));
    expect(reply).toMatchObject({
      status: 201,
      body: { assetGroup: { id: group.id, name: "Web" }, checkInIntervalSeconds: 60 },
    });

    const params = { id: reply.body.sensorId as string };
    const sensor = await world.call(sensors.getSensor, cookie, { params });
    expect(sensor).toMatchObject({
      status: "pending",
      hostname: "web-01",
      assetGroup: { name: "Web" },
      address: "127.0.0.1",
    });
    expect(sensor.enrolledBy.id).toBe(token.enrollmentToken.id);
    const asset = await world.call(assets.getAsset, cookie, { params: { id: sensor.asset.id } });
    expect(asset).toMatchObject({ name: "web-01", assetGroup: { id: group.id }, sensor: { id: sensor.id } });
    expect(asset.identifiers.map(({ type, value }) => `${type} ${value}`).toSorted()).toEqual([
      ...["hostname web-01", "ip-address 10.1.2.3", "mac-address 52:54:00:aa:bb:01", "machine-id web-01"],
    ]);
    const used = await world.call(tokens.getEnrollmentToken, cookie, {
      params: { id: token.enrollmentToken.id },
    });
    expect(used.enrolledSensors).toBe(1);
  });

  test(`repeated enrollments of one key return one sensor for one use, also simultaneously and after revocation (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    // One request takes the token's only use, and all others share it.
    const token = await makeToken(world, cookie, { maxEnrollments: 1 });
    const sensor = makeTestSensor();
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    const servers = [world, { ...world, fetch: second }];
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => enroll(servers[index % 2]!, sensor, token.value)),
    );
    const params = { id: token.enrollmentToken.id };
    await world.call(tokens.revokeEnrollmentToken, cookie, { params });
    replies.push(await enroll(world, sensor, token.value));
    expect(new Set(replies.map(({ status, body }) => `${status} ${body.sensorId}`)).size).toBe(1);
    expect(replies[0]!.status).toBe(201);
    const used = await world.call(tokens.getEnrollmentToken, cookie, { params });
    expect(used).toMatchObject({ enrolledSensors: 1, refusedAttempts: 0 });
    expect((await world.call(sensors.listSensors, cookie)).items).toHaveLength(1);
  });

  test(`simultaneous enrollments of different keys create one sensor each, and each counts as a use (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const token = await makeToken(world, cookie);
    // SQLite allows one server process, PostgreSQL several.
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    const servers = [world, { ...world, fetch: second }];
    const replies = await Promise.all(
      Array.from({ length: 25 }, (_, index) => {
        const sensor = makeTestSensor();
        return enroll(servers[index % 2]!, sensor, token.value, sensor.enrollBody(`host-${index}`));
      }),
    );
    expect(new Set(replies.map(({ body }) => body.sensorId)).size).toBe(25);
    const params = { id: token.enrollmentToken.id };
    expect((await world.call(tokens.getEnrollmentToken, cookie, { params })).enrolledSensors).toBe(25);
  });

  test(`a refusal states its reason only to a caller with a valid token value (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const codeOf = async (token: string) => (await enroll(world, makeTestSensor(), token)).body.code;
    const revoked = await makeToken(world, cookie);
    await world.call(tokens.revokeEnrollmentToken, cookie, { params: { id: revoked.enrollmentToken.id } });
    expect(await codeOf(revoked.value)).toBe("token-revoked");

    const expiring = await makeToken(world, cookie, {
      expiresAt: new Date(world.clock.ms + 1).toISOString(),
    });
    world.clock.ms += 1;
    expect(await codeOf(expiring.value)).toBe("token-expired");

    const group = await world.call(groups.createAssetGroup, cookie, { body: { name: "Gone" } });
    const scoped = await makeToken(world, cookie, { assetGroupId: group.id });
    await world.call(groups.deleteAssetGroup, cookie, { params: { id: group.id } });
    expect(await codeOf(scoped.value)).toBe("token-group-deleted");

    const deleted = await makeToken(world, cookie);
    await world.call(tokens.deleteEnrollmentToken, cookie, { params: { id: deleted.enrollmentToken.id } });
    expect(await codeOf(deleted.value)).toBe("token-unknown");
    expect(await codeOf(formatTokenValue(crypto.getRandomValues(new Uint8Array(32))))).toBe("token-unknown");
    const counts = await world.db.selectFrom("sensor").select("id").execute();
    expect(counts).toEqual([]);
  });

  test(`a sensor still shows the name of its token after the token is deleted (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const token = await makeToken(world, cookie);
    const { body } = await enroll(world, makeTestSensor(), token.value);
    await world.call(tokens.deleteEnrollmentToken, cookie, { params: { id: token.enrollmentToken.id } });
    const sensor = await world.call(sensors.getSensor, cookie, { params: { id: body.sensorId as string } });
    expect(sensor.enrolledBy).toEqual({
      id: token.enrollmentToken.id,
      name: token.enrollmentToken.name,
      deleted: true,
    });
  });

  test(`host facts never give access to an asset: each sensor with the same machine id gets a new one (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const token = await makeToken(world, cookie);
    const facts = { machineId: "ABCDEF0123456789ABCDEF0123456789" };
    const assetOf = async () => {
      const sensor = makeTestSensor();
      const { body } = await enroll(world, sensor, token.value, sensor.enrollBody("web-01", facts));
      return await world.call(sensors.getSensor, cookie, { params: { id: body.sensorId as string } });
    };
    const [first, second] = [await assetOf(), await assetOf()];
    expect(second.id).not.toBe(first.id);
    expect(second.asset.id).not.toBe(first.asset.id);

    // Reporting the machine id of a deleted sensor does not give its asset either.
    await world.call(sensors.deleteSensor, cookie, { params: { id: first.id } });
    expect((await assetOf()).asset.id).not.toBe(first.asset.id);
  });

  test(`an enrollment with a token of one group never gets an asset of another group (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const group = await world.call(groups.createAssetGroup, cookie, { body: { name: "Production" } });
    const production = await makeToken(world, cookie, { assetGroupId: group.id });
    const anywhere = await makeToken(world, cookie);
    const facts = { machineId: "abcdef0123456789abcdef0123456789" };
    const victim = makeTestSensor();
    const { body } = await enroll(world, victim, production.value, victim.enrollBody("db-01", facts));
    const before = await world.call(sensors.getSensor, cookie, { params: { id: body.sensorId as string } });
    await world.call(sensors.deleteSensor, cookie, { params: { id: before.id } });

    const thief = makeTestSensor();
    const reply = await enroll(world, thief, anywhere.value, thief.enrollBody("db-01", facts));
    const after = await world.call(sensors.getSensor, cookie, {
      params: { id: reply.body.sensorId as string },
    });
    expect(after.asset.id).not.toBe(before.asset.id);
    expect(after.assetGroup).toBeNull();
  });
}

const refusals: [string, SignOptions, number, string][] = [
  ["a keyid other than the body's key", { keyid: "A".repeat(43) }, 401, "signature-invalid"],
  [
    "a signature that does not cover the token",
    { components: ["@method", "@path", "content-digest"] },
    401,
    "signature-invalid",
  ],
  ["a body changed after signing", { tamper: "{}" }, 401, "signature-invalid"],
  [
    "a clock that is six minutes slow",
    { createdMs: Date.parse("2026-11-24T08:54:00Z") },
    401,
    "clock-skewed",
  ],
];
for (const [what, options, status, code] of refusals) {
  test(`enrollment refuses ${what}`, async () => {
    await using world = await openWorld("sqlite");
    const token = await makeToken(world, await world.signedIn("posture-manager"));
    const sensor = makeTestSensor();
    const reply = await enroll(world, sensor, token.value, sensor.enrollBody(), options);
    expect(reply).toMatchObject({ status, body: { code } });
    expect(JSON.stringify(reply)).not.toContain(token.value);
  });
}
