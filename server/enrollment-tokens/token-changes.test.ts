import { expect, test } from "bun:test";
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import * as blocking from "@attacklens/protocol/revoke-and-block.ts";
import { getRollout, setRollout } from "@attacklens/protocol/rollout.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { makeTestSensor, type TestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const PATH = "/sensor/v1/enroll";
const DAY_MS = 86_400_000;
const settings = { name: "Servers", scope: { type: "all-assets" }, expiresAt: null } as const;

async function enroll(
  world: Pick<World, "fetch" | "clock">,
  token: string,
  { sensor = makeTestSensor(), hostname = "web-01", address = "10.1.2.3" } = {},
) {
  const init = sensor.request("POST", PATH, sensor.enrollBody(hostname), world.clock.ms, { token });
  const response = await world.fetch(PATH, init, address);
  const body = (await response.json()) as Record<string, string>;
  return { status: response.status, body, sensor };
}

async function checkIn(world: World, sensor: TestSensor, keyid: string) {
  const path = "/sensor/v1/check-in";
  const init = sensor.request(
    "POST",
    path,
    { protocolVersion: 1, sensorVersion: "2026.11.0" },
    world.clock.ms,
    { keyid },
  );
  const response = await world.fetch(path, init, "10.1.2.3");
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
}

for (const dialect of TESTED_DIALECTS) {
  test(`with a limit of n, parallel enrollments on several servers create n sensors (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: { ...settings, maxEnrollments: 7 },
    });
    const second = dialect === "postgres" ? await world.secondFetch() : world.fetch;
    const servers = [world, { ...world, fetch: second }];
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        enroll(servers[index % 2]!, value, { hostname: `h-${index}` }),
      ),
    );
    const accepted = replies.filter(({ status }) => status === 201);
    expect(accepted).toHaveLength(7);
    for (const { status, body } of replies.filter(({ status }) => status !== 201))
      expect([status, body.code]).toEqual([403, "token-used-up"]);
    const params = { id: enrollmentToken.id };
    const used = await world.call(routes.getEnrollmentToken, cookie, { params });
    expect(used).toMatchObject({ status: "used-up", enrolledSensors: 7, refusedAttempts: 23 });
    // A repeated enrollment returns the same sensor although the token is used up, and no use is counted.
    const again = await enroll(world, value, { sensor: accepted[0]!.sensor });
    expect(again.body.sensorId).toBe(accepted[0]!.body.sensorId!);
    const page = await world.call(listEnrollmentAttempts, cookie, {
      query: { enrollmentTokenId: params.id, outcome: "accepted" },
    });
    expect(page.total).toBe(7);
  });

  test(`the ledger has each refusal once, under the reference that the sensor received, also after retries (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: { ...settings, allowedNetworks: ["10.1.2.3/16", "2001:db8::/32"], allowedHostnames: ["WEB-*"] },
    });
    expect(enrollmentToken.allowedNetworks).toEqual(["10.1.0.0/16", "2001:db8::/32"]);
    const sensor = makeTestSensor();
    const outside = await enroll(world, value, { sensor, address: "10.2.3.4" });
    expect(outside).toMatchObject({ status: 403, body: { code: "network-not-allowed" } });
    expect(outside.body.detail).toContain("10.2.3.4 is outside 10.1.0.0/16");
    await enroll(world, value, { sensor, address: "10.2.3.4" });
    const other = await enroll(world, value, { hostname: "db-01" });
    expect(other.body.code).toBe("hostname-not-allowed");

    const found = await world.call(listEnrollmentAttempts, cookie, { query: { q: outside.body.reference! } });
    expect(found.items).toMatchObject([
      { outcome: "refused", reason: "network-not-allowed", attempts: 2, address: "10.2.3.4", sensor: null },
    ]);

    const params = { id: enrollmentToken.id };
    const wider = { allowedNetworks: ["10.1.0.0/16", "10.2.0.0/16"] };
    await world.call(routes.updateEnrollmentToken, cookie, { params, body: wider });
    expect((await enroll(world, value, { sensor, address: "10.2.3.4" })).status).toBe(201);
    const events = await world.db
      .selectFrom("auditEvent")
      .select("details")
      .where("action", "=", "enrollment-token.changed")
      .execute();
    expect(events.map(({ details }) => JSON.parse(details))).toMatchObject([
      { before: { allowedNetworks: ["10.1.0.0/16", "2001:db8::/32"] }, after: wider },
    ]);
  });

  test(`invalid networks and limits are rejected by field (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const bad: [string, unknown, string][] = [
      ["allowedNetworks", ["10.0.0.0/33"], "allowedNetworks.0"],
      ["allowedNetworks", ["10.0.0.0/8", "1"], "allowedNetworks.1"],
      ["allowedHostnames", ["a b"], "allowedHostnames.0"],
      ["maxEnrollments", 0, "maxEnrollments"],
      ["ephemeralHours", 1.5, "ephemeralHours"],
      ["tags", [""], "tags.0"],
    ];
    for (const [field, value, name] of bad) {
      const init = jsonInit("POST", { ...settings, [field]: value }, { cookie });
      const response = await world.fetch("/api/v1/enrollment-tokens", init);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ fields: { [name]: expect.any(String) } });
    }
  });

  test(`a paused token admits no sensor until it is resumed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: settings,
    });
    const params = { id: enrollmentToken.id };
    const paused = await world.call(routes.pauseEnrollmentToken, cookie, { params });
    expect(paused).toMatchObject({ status: "paused", pausedBy: "The posture-manager" });
    expect((await enroll(world, value)).body.code).toBe("token-paused");
    await world.call(routes.resumeEnrollmentToken, cookie, { params });
    expect((await enroll(world, value)).status).toBe(201);
  });

  test(`rotation creates a successor with the same settings, and the old token expires at the given time (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const old = await world.call(routes.createEnrollmentToken, cookie, {
      body: { ...settings, tags: ["pci"], allowedHostnames: ["web-*"] },
    });
    const params = { id: old.enrollmentToken.id };
    const oldExpiresAt = new Date(world.clock.ms + DAY_MS).toISOString();
    const next = await world.call(routes.rotateEnrollmentToken, cookie, {
      params,
      body: { name: "Servers (2)", expiresAt: null, oldExpiresAt },
    });
    expect(next.enrollmentToken).toMatchObject({
      tags: ["pci"],
      allowedHostnames: ["web-*"],
      rotatedFrom: { id: params.id },
    });
    const { id, name } = next.enrollmentToken;
    const rotated = await world.call(routes.getEnrollmentToken, cookie, { params });
    expect(rotated).toMatchObject({ expiresAt: oldExpiresAt, rotatedTo: { id, name } });
    expect((await enroll(world, old.value)).status).toBe(201);
    world.clock.ms += DAY_MS;
    expect((await enroll(world, old.value)).body.code).toBe("token-expired");
    expect((await enroll(world, next.value)).status).toBe(201);
  });

  test(`revoke-and-block blocks the sensors of its preview, and none if they have changed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: settings,
    });
    const inside = await enroll(world, value, { hostname: "in", address: "10.1.0.1" });
    const outside = await enroll(world, value, { hostname: "out", address: "10.2.0.1" });
    const params = { id: enrollmentToken.id };
    const network = "10.1.0.0/16";
    const preview = await world.call(blocking.previewEnrollmentToken, cookie, { params, query: { network } });
    expect(preview).toMatchObject({ sensors: 2, toBlock: 1, sample: [{ hostname: "in" }] });

    const stale = jsonInit("POST", { network, expectedSensors: 2 }, { cookie });
    const path = `/api/v1/enrollment-tokens/${params.id}/revoke-and-block`;
    expect((await world.fetch(path, stale)).status).toBe(409);
    expect((await checkIn(world, inside.sensor, inside.body.sensorId!)).status).toBe(200);

    const done = await world.call(blocking.revokeAndBlockEnrollmentToken, cookie, {
      params,
      body: { network, expectedSensors: 1 },
    });
    expect(done).toMatchObject({ blockedSensors: 1, enrollmentToken: { status: "revoked" } });
    expect(await checkIn(world, inside.sensor, inside.body.sensorId!)).toEqual({
      status: 403,
      code: "sensor-blocked",
    });
    expect((await checkIn(world, outside.sensor, outside.body.sensorId!)).status).toBe(200);
    const again = await enroll(world, value, { sensor: inside.sensor });
    expect(again.body.code).toBe("sensor-blocked");

    await world.call(sensors.unblockSensor, cookie, { params: { id: inside.body.sensorId! } });
    expect((await checkIn(world, inside.sensor, inside.body.sensorId!)).status).toBe(200);
  });

  test(`a sensor that needs approval waits until a user confirms its fingerprint (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value } = await world.call(routes.createEnrollmentToken, cookie, {
      body: { ...settings, requireApproval: true },
    });
    const { body, sensor } = await enroll(world, value);
    expect(body).toMatchObject({ awaitingApproval: true });
    const params = { id: body.sensorId! };
    expect((await checkIn(world, sensor, params.id)).code).toBe("sensor-awaiting-approval");
    const waiting = await world.call(sensors.listSensors, cookie, { query: { status: "awaiting-approval" } });
    expect(waiting.items).toMatchObject([{ id: params.id, status: "awaiting-approval" }]);
    const fingerprint = waiting.items[0]!.fingerprint!;
    expect(fingerprint).toMatch(/^[a-z]{5}(-[a-z]{5}){3}$/);

    const wrong = jsonInit("POST", { fingerprint: "lusab-babad-gutih-tugad" }, { cookie });
    expect((await world.fetch(`/api/v1/sensors/${params.id}/approve`, wrong)).status).toBe(409);
    const approved = await world.call(sensors.approveSensor, cookie, { params, body: { fingerprint } });
    expect(approved).toMatchObject({ status: "pending", approvedBy: "The posture-manager" });
    expect((await checkIn(world, sensor, params.id)).status).toBe(200);
  });

  test(`a rollout shows which hosts arrived, were refused, or are missing (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, enrollmentToken } = await world.call(routes.createEnrollmentToken, cookie, {
      body: { ...settings, allowedNetworks: ["10.1.0.0/16"] },
    });
    const params = { id: enrollmentToken.id };
    await world.call(setRollout, cookie, {
      params,
      body: { type: "hostnames", hostnames: ["Web-01", "web-02", "web-03", "web-02"] },
    });
    await enroll(world, value, { hostname: "WEB-01" });
    await enroll(world, value, { hostname: "web-02", address: "10.9.0.1" });
    await enroll(world, value, { hostname: "stray" });
    const rollout = await world.call(getRollout, cookie, { params });
    expect(rollout).toMatchObject({
      expected: 3,
      enrolled: 2,
      unexpected: 1,
      counts: { arrived: 1, refused: 1, missing: 1, reporting: 0 },
      hosts: [
        { hostname: "web-01", state: "arrived" },
        { hostname: "web-02", state: "refused", reason: "network-not-allowed" },
        { hostname: "web-03", state: "missing" },
      ],
    });
  });
}
