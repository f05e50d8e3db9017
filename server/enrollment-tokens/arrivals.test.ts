// What arrives for a token since its page was opened, by the server's clock.
import { expect, test } from "bun:test";
import { listArrivals } from "@attacklens/protocol/arrivals.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import type { Dialect } from "../db/dialect.ts";
import { HOUR_MS, openFleet } from "../testing/test-fleet.ts";
import { CLONE_FACTS, enrolledSensor, FACTS, nextNonce, program } from "../testing/test-instances.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { jsonInit, openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const PATH = "/sensor/v1/enroll";

/** A fleet with a page that is open on the token from the first call of `arrivals` on. */
async function openPage(dialect: Dialect, settings = {}) {
  const fleet = await openFleet(dialect, settings);
  const { world, cookie } = fleet;
  const [token] = (await world.call(tokens.listEnrollmentTokens, cookie)).items;
  const params = { id: token!.id };
  const { since } = await world.call(listArrivals, cookie, { params });
  return {
    ...fleet,
    params,
    since,
    arrivals: (query: object = {}) =>
      world.call(listArrivals, cookie, { params, query: { since, ...query } }),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

async function present(world: World, token: string, hostname: string, key = makeTestSensor()) {
  const init = key.request("POST", PATH, key.enrollBody(hostname), world.clock.ms, {
    token,
    nonce: world.clock.ms * 1000,
  });
  const response = await world.fetch(PATH, init);
  return { key, status: response.status, id: ((await response.json()) as { sensorId: string }).sensorId };
}

async function createToken(world: World, cookie: string, body = {}) {
  const made = await world.call(tokens.createEnrollmentToken, cookie, {
    body: { name: "Web", scope: { type: "all-assets" }, expiresAt: null, ...body },
  });
  return { value: made.value, params: { id: made.enrollmentToken.id } };
}

const NONE = {
  ...{ reporting: 0, pending: 0, "awaiting-approval": 0, blocked: 0 },
  ...{ uninstalled: 0, replaced: 0, removed: 0, deleted: 0 },
};

for (const dialect of TESTED_DIALECTS) {
  test(`only sensors that enroll after the page was opened are listed, newest first (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const [token] = (await world.call(tokens.listEnrollmentTokens, cookie)).items;
    const params = { id: token!.id };
    const early = await fleet.enroll("early-01");
    world.clock.ms += 1;
    const opened = await world.call(listArrivals, cookie, { params });
    expect(opened).toMatchObject({
      since: new Date(world.clock.ms).toISOString(),
      at: opened.since,
      items: [],
    });
    expect(opened.counts).toEqual({ enrolled: 0, byState: NONE, refused: 0 });
    const see = () => world.call(listArrivals, cookie, { params, query: { since: opened.since } });

    world.clock.ms += 4_000;
    const web = await fleet.enroll("web-01", {});
    world.clock.ms += 1_000;
    const db = await fleet.enroll("db-01", {});
    // A report of the sensor that enrolled before changes nothing.
    await fleet.checkIn(early);
    const before = await see();
    expect(before.items.map(({ sensor, state }) => [sensor.name, state])).toEqual([
      ["db-01", "pending"],
      ["web-01", "pending"],
    ]);
    expect(before.counts).toEqual({ enrolled: 2, byState: { ...NONE, pending: 2 }, refused: 0 });

    world.clock.ms += 9_000;
    const now = world.clock.ms;
    await fleet.checkIn(web);
    await world.call(sensors.blockSensor, cookie, { params: { id: db.id } });
    const after = await see();
    expect(after.items.map(({ sensor, state }) => [sensor.name, state])).toEqual([
      ["db-01", "blocked"],
      ["web-01", "reporting"],
    ]);
    expect(Date.parse(after.items[1]!.reportedAt!)).toBeGreaterThanOrEqual(now);
    expect(after.items[0]).toMatchObject({ reportedAt: null, cloneOf: null, match: null, replaces: null });
    await world.call(sensors.deleteSensor, cookie, { params: { id: db.id } });
    expect(await see()).toMatchObject({
      items: [{ sensor: { name: "db-01", deleted: true }, state: "deleted" }, { state: "reporting" }],
      counts: { enrolled: 2, byState: { deleted: 1, reporting: 1 } },
    });
  });

  test(`a repeated enrollment and a host of another token do not count (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("viewer");
    const manager = await world.signedIn("posture-manager");
    const { value, params } = await createToken(world, manager);
    const other = await createToken(world, manager, { name: "Other" });
    const early = await present(world, value, "early-01");
    world.clock.ms += 1;
    const { since } = await world.call(listArrivals, cookie, { params });
    world.clock.ms += 5_000;
    expect((await present(world, value, "early-01", early.key)).id).toBe(early.id);
    await present(world, other.value, "other-01");
    const { items, counts } = await world.call(listArrivals, cookie, { params, query: { since } });
    expect([items, counts.enrolled, counts.refused]).toEqual([[], 0, 0]);
  });

  test(`a clock that was set back, or of another server, does not make early sensors count (${dialect})`, async () => {
    await using page = await openPage(dialect);
    const { world, cookie, params } = page;
    await page.enroll("early-01", {});
    // In the same millisecond, and when the clock was set back.
    for (const backMs of [0, 5_000]) {
      world.clock.ms -= backMs;
      const { since, at } = await world.call(listArrivals, cookie, { params });
      expect((await page.arrivals({ since })).counts.enrolled).toBe(0);
      expect(Date.parse(at)).toBe(world.clock.ms);
    }
    world.clock.ms += 6_000;
    const { since } = await world.call(listArrivals, cookie, { params });
    await page.enroll("late-01", {});
    expect((await page.arrivals({ since })).items.map(({ sensor }) => sensor.name)).toEqual(["late-01"]);
    // A clock that was wrong by years does not hide what arrives.
    world.clock.ms -= 2 * 365 * 24 * HOUR_MS;
    const wrong = await world.call(listArrivals, cookie, { params });
    expect(wrong.since).toBe(new Date(world.clock.ms).toISOString());
  });

  test(`refusals are listed with their reason until the host enrolls (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const { value, params } = await createToken(world, cookie, { allowedHostnames: ["web-*"] });
    const retrying = await present(world, value, "db-01");
    await present(world, value, "db-02");
    world.clock.ms += 60_000;
    const { since } = await world.call(listArrivals, cookie, { params });
    const see = () => world.call(listArrivals, cookie, { params, query: { since } });
    expect((await see()).refusals).toEqual([]);

    world.clock.ms += 1_000;
    await present(world, value, "db-03");
    world.clock.ms += 1_000;
    await present(world, value, "db-01", retrying.key);
    const refused = await see();
    expect(refused.refusals).toMatchObject([
      { hostname: "db-01", reason: "hostname-not-allowed", attempts: 2, sensor: null },
      { hostname: "db-03", attempts: 1 },
    ]);
    expect(refused.counts).toMatchObject({ enrolled: 0, refused: 2 });

    // The same host is refused for another reason. It counts once.
    await world.call(tokens.pauseEnrollmentToken, cookie, { params });
    world.clock.ms += 1_000;
    await present(world, value, "db-01", retrying.key);
    const paused = await see();
    expect(paused.refusals.map(({ hostname, reason }) => [hostname, reason])).toEqual([
      ["db-01", "token-paused"],
      ["db-03", "hostname-not-allowed"],
    ]);
    expect(paused.counts.refused).toBe(2);

    await world.call(tokens.resumeEnrollmentToken, cookie, { params });
    await world.call(tokens.updateEnrollmentToken, cookie, { params, body: { allowedHostnames: [] } });
    world.clock.ms += 1_000;
    await present(world, value, "db-01", retrying.key);
    const fixed = await see();
    expect(fixed.refusals.map(({ hostname }) => hostname)).toEqual(["db-03"]);
    expect(fixed.items.map(({ sensor }) => sensor.name)).toEqual(["db-01"]);
    expect(fixed.counts).toMatchObject({ enrolled: 1, refused: 1 });
  });

  test(`clones, sensors that await approval, and taken-over sensors are marked (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("posture-manager");
    const original = await enrolledSensor(world, cookie, "approval");
    const { sensorId, token } = original;
    const params = { id: token.id };
    const host = program(world, original.key, sensorId, "10.0.0.1", FACTS);
    await host.checkIn();
    world.clock.ms += 60_000;
    const { since } = await world.call(listArrivals, cookie, { params });
    const see = () => world.call(listArrivals, cookie, { params, query: { since } });
    const clone = program(world, original.key, sensorId, "10.0.0.2", CLONE_FACTS);
    await clone.checkIn();
    await host.checkIn();
    await clone.checkIn();
    expect((await clone.becomeClone(makeTestSensor(), "web-02")).status).toBe(201);
    expect(await see()).toMatchObject({
      items: [
        {
          sensor: { name: "web-02" },
          state: "awaiting-approval",
          cloneOf: { id: sensorId, name: "web-01", deleted: false },
        },
      ],
      counts: { enrolled: 1, byState: { "awaiting-approval": 1 }, refused: 0 },
      reEnrolled: [],
    });

    world.clock.ms += 1_000;
    const { value } = await world.call(sensors.createTicket, cookie, { params: { id: sensorId } });
    const own = makeTestSensor();
    const init = own.request("POST", "/sensor/v1/re-enroll", own.enrollBody("web-01"), world.clock.ms, {
      token: value,
      nonce: nextNonce(),
    });
    expect((await world.fetch("/sensor/v1/re-enroll", init)).status).toBe(201);
    const after = await see();
    expect(after.reEnrolled).toEqual([
      {
        sensor: { id: sensorId, name: "web-01", deleted: false },
        at: new Date(world.clock.ms).toISOString(),
      },
    ]);
    expect(after.counts.enrolled).toBe(1);
  });

  test(`a re-imaged host names its match, and after a merge the sensor that it replaces (${dialect})`, async () => {
    await using page = await openPage(dialect);
    const { world, cookie } = page;
    const old = await page.enroll("db-07");
    await page.checkIn(old);
    world.clock.ms += HOUR_MS;
    const opened = await world.call(listArrivals, cookie, { params: page.params });
    world.clock.ms += 1_000;
    const successor = await page.enroll("db-08");
    const since = opened.since;
    expect((await page.arrivals({ since })).items).toMatchObject([
      { sensor: { name: "db-08" }, match: { id: old.id, name: "db-07" }, replaces: null },
    ]);
    const body = { predecessorId: old.id };
    await world.call(sensors.mergeSensor, cookie, { params: { id: successor.id }, body });
    expect((await page.arrivals({ since })).items).toMatchObject([
      { match: null, replaces: { id: old.id, name: "db-07" } },
    ]);
  });

  test(`pages of arrivals continue, and their counts are of all (${dialect})`, async () => {
    await using page = await openPage(dialect);
    const names = ["a-1", "a-2", "a-3", "a-4", "a-5"];
    for (const name of names) {
      page.world.clock.ms += 1;
      await page.enroll(name, {});
    }
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const { items, nextCursor, counts } = await page.arrivals({ limit: 2, ...(cursor && { cursor }) });
      listed.push(...items.map(({ sensor }) => sensor.name));
      expect(counts.enrolled).toBe(5);
      cursor = nextCursor;
    } while (cursor);
    expect(listed).toEqual(names.toReversed());
  });
}

test("a deleted token has no arrivals, and an invalid instant is refused", async () => {
  await using page = await openPage("sqlite");
  const { world, cookie, params } = page;
  const statusOf = async (query: string) => {
    const path = listArrivals.path.replace("{id}", params.id);
    return (await world.fetch(`${path}?${query}`, jsonInit("GET", undefined, { cookie }))).status;
  };
  expect(await statusOf("since=yesterday")).toBe(422);
  expect(await statusOf("limit=0")).toBe(422);
  expect(await statusOf("cursor=x")).toBe(422);
  expect(await statusOf("since=0001-01-01T00:00:00Z")).toBe(200);
  expect(await statusOf("since=2199-01-01T00:00:00%2B02:00")).toBe(200);
  await world.call(tokens.revokeEnrollmentToken, cookie, { params });
  expect(await statusOf("")).toBe(200);
  await world.call(tokens.deleteEnrollmentToken, cookie, { params });
  expect(await statusOf("")).toBe(404);
});
