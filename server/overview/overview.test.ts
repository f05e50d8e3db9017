// Each number of the overview is the total of the list that it leads to.
import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { getEnrollmentDays, listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { createEnrollmentToken, listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { getOverview } from "@attacklens/protocol/overview.ts";
import { deleteSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { getUpdates, listUpdateHosts } from "@attacklens/protocol/update-rings.ts";
import { HOUR_MS, openFleet } from "../testing/test-fleet.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";

const ALL = { type: "all-assets" } as const;

async function present(world: World, token: string, hostname: string): Promise<number> {
  const key = makeTestSensor();
  const init = key.request("POST", "/sensor/v1/enroll", key.enrollBody(hostname), world.clock.ms, {
    token,
    nonce: world.clock.ms * 1000,
  });
  return (await world.fetch("/sensor/v1/enroll", init)).status;
}

for (const dialect of TESTED_DIALECTS) {
  test(`the first steps are done one after another (${dialect})`, async () => {
    await using empty = await openWorld(dialect);
    const cookie = await empty.signedIn("posture-manager");
    const { setup, attention } = await empty.call(getOverview, cookie);
    expect(setup).toEqual({ assetGroup: false, enrollmentToken: false, sensor: false, report: false });
    expect(attention).toEqual({
      ...{ awaitingApproval: 0, possibleDuplicates: 0, tokensExpiringSoon: 0, tokensNearlyUsedUp: 0 },
      refusals: { from: "2026-11-23T09:00:00.000Z", attempts: 0 },
      longOffline: { seenBefore: "2026-11-17T09:00:00.000Z", sensors: 0 },
    });
    await empty.call(createAssetGroup, cookie, { body: { name: "Finance" } });
    expect((await empty.call(getOverview, cookie)).setup).toMatchObject({ assetGroup: true, report: false });

    await using fleet = await openFleet(dialect);
    const see = async () => (await fleet.world.call(getOverview, fleet.cookie)).setup;
    expect(await see()).toEqual({ assetGroup: false, enrollmentToken: true, sensor: false, report: false });
    const sensor = await fleet.enroll("web-01");
    expect(await see()).toMatchObject({ sensor: true, report: false });
    await fleet.checkIn(sensor);
    expect(await see()).toMatchObject({ sensor: true, report: true });
  });

  test(`each number that needs attention is the total of its list (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const create = async (name: string, body: object) =>
      (
        await world.call(createEnrollmentToken, cookie, {
          body: { name, scope: ALL, expiresAt: null, ...body },
        })
      ).value;
    const gone = await fleet.enroll("gone-01");
    await fleet.checkIn(gone);
    const blockedForever = await fleet.enroll("deleted-01", {});
    await fleet.checkIn(blockedForever);
    await world.call(deleteSensor, cookie, { params: { id: blockedForever.id } });
    world.clock.ms += 8 * 24 * HOUR_MS;
    const twin = await fleet.enroll("localhost");
    await fleet.checkIn(twin);
    const approval = await create("Approval", { requireApproval: true });
    await fleet.enroll("new-01", {}, approval);
    const closed = await create("Closed", { allowedHostnames: ["db-*"] });
    expect(await present(world, closed, "web-01")).toBe(403);
    expect(await present(world, closed, "web-02")).toBe(403);
    const short = await create("Short", {
      expiresAt: new Date(world.clock.ms + 24 * HOUR_MS).toISOString(),
      maxEnrollments: 2,
    });
    await fleet.enroll("web-03", {}, short);
    await fleet.enroll("web-04", {}, short);

    const tight = await create("Tight", { maxEnrollments: 2 });
    await fleet.enroll("web-05", {}, tight);
    const { attention } = await world.call(getOverview, cookie);
    const sensors = async (query: object) => (await world.call(listSensors, cookie, { query })).total;
    const tokens = async (query: object) => (await world.call(listEnrollmentTokens, cookie, { query })).total;
    const attempts = async (query: object) =>
      (await world.call(listEnrollmentAttempts, cookie, { query })).total;
    expect(attention).toEqual({
      awaitingApproval: await sensors({ status: "awaiting-approval" }),
      possibleDuplicates: await sensors({ match: "any" }),
      tokensExpiringSoon: await tokens({ warning: "expires-soon" }),
      tokensNearlyUsedUp: await tokens({ warning: "nearly-used-up" }),
      refusals: {
        from: attention.refusals.from,
        attempts: await attempts({ outcome: "refused", from: attention.refusals.from }),
      },
      longOffline: {
        seenBefore: attention.longOffline.seenBefore,
        sensors: await sensors({ status: "offline", seenBefore: attention.longOffline.seenBefore }),
      },
    });
    expect(attention).toMatchObject({
      awaitingApproval: 1,
      possibleDuplicates: 1,
      refusals: { attempts: 2 },
    });
    expect(attention.longOffline.sensors).toBe(1);
    const { seenBefore } = attention.longOffline;
    expect(await sensors({ seenBefore, q: "gone" })).toBe(1);
    expect(await sensors({ seenBefore, q: "localhost" })).toBe(0);
    expect(await sensors({ seenBefore, q: gone.id })).toBe(1);
    expect(await sensors({ seenBefore, q: twin.id })).toBe(0);
    expect(await sensors({ seenBefore, match: "any" })).toBe(0);
    expect(await sensors({ seenBefore, platform: "windows" })).toBe(0);
    const { versions } = await world.call(getUpdates, cookie);
    for (const { version, hosts } of versions)
      expect((await world.call(listUpdateHosts, cookie, { query: { version } })).total).toBe(hosts);
    // A day later, the refusals are no longer recent.
    world.clock.ms += 25 * HOUR_MS;
    expect((await world.call(getOverview, cookie)).attention.refusals.attempts).toBe(0);
  });

  test(`attempts are counted by the days of the reader's time zone (${dialect})`, async () => {
    await using fleet = await openFleet(dialect);
    const { world, cookie } = fleet;
    const days = async (query: { timeZone?: string; days?: number }) =>
      (await world.call(getEnrollmentDays, cookie, { query })).days;
    const counts = async (timeZone: string) =>
      (await days({ timeZone, days: 3 })).map(({ accepted, refused }) => [accepted, refused]);
    // 25 Nov in UTC and in Berlin until 23:00 UTC, then the 26th in Berlin, and the 25th still in New York.
    world.clock.ms = Date.parse("2026-11-25T22:59:59.999Z");
    await fleet.enroll("web-01", {});
    world.clock.ms = Date.parse("2026-11-25T23:00:00.000Z");
    await fleet.enroll("web-02", {});
    const { value: closed } = await world.call(createEnrollmentToken, cookie, {
      body: { name: "Closed", scope: ALL, expiresAt: null, allowedHostnames: ["db-*"] },
    });
    expect(await present(world, closed, "web-03")).toBe(403);
    world.clock.ms = Date.parse("2026-11-26T12:00:00.000Z");
    expect(await counts("UTC")).toEqual([
      [0, 0],
      [2, 1],
      [0, 0],
    ]);
    expect(await counts("Europe/Berlin")).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
    expect(await counts("Asia/Kathmandu")).toEqual([
      [0, 0],
      [0, 0],
      [2, 1],
    ]);
    for (const { from, until, accepted, refused } of await days({ timeZone: "Europe/Berlin" })) {
      const total = async (outcome: "accepted" | "refused") =>
        (await world.call(listEnrollmentAttempts, cookie, { query: { outcome, from, until } })).total;
      expect([accepted, refused]).toEqual([await total("accepted"), await total("refused")]);
    }
    expect(await days({})).toHaveLength(14);
  });
}
