// The hosts of a rollout and their timeline.
import { expect, test } from "bun:test";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { getRollout, getTimeline, MAX_TIMELINE_BUCKETS, setRollout } from "@attacklens/protocol/rollout.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import type { Dialect } from "../db/dialect.ts";
import { openFleet } from "../testing/test-fleet.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { TESTED_DIALECTS } from "../testing/test-world.ts";
import { bucketsOf } from "./timeline.ts";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

async function openRollout(dialect: Dialect) {
  const fleet = await openFleet(dialect);
  const { world, cookie } = fleet;
  const [token] = (await world.call(tokens.listEnrollmentTokens, cookie)).items;
  const params = { id: token!.id };
  return {
    ...fleet,
    params,
    expect: (...hostnames: string[]) =>
      world.call(setRollout, cookie, { params, body: { type: "hostnames", hostnames } }),
    rollout: () => world.call(getRollout, cookie, { params }),
    timeline: (query: object = {}) => world.call(getTimeline, cookie, { params, query }),
    pause: () => world.call(tokens.pauseEnrollmentToken, cookie, { params }),
    resume: () => world.call(tokens.resumeEnrollmentToken, cookie, { params }),
    async refuse(value: string, hostname: string) {
      const key = makeTestSensor();
      const body = key.enrollBody(hostname);
      const init = key.request("POST", "/sensor/v1/enroll", body, world.clock.ms, { token: value });
      expect((await world.fetch("/sensor/v1/enroll", init)).status).toBe(403);
    },
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

for (const dialect of TESTED_DIALECTS) {
  test(`a host reports only while its sensor reports, and is first seen at its first attempt (${dialect})`, async () => {
    await using page = await openRollout(dialect);
    const { world, cookie } = page;
    await page.expect("web-01", "web-02", "web-03", "web-04", "web-05");
    const start = world.clock.ms;
    await page.pause();
    await page.refuse(page.value, "web-01");
    await page.resume();
    world.clock.ms += 5 * MINUTE;
    const [one, two, three] = [
      await page.enroll("web-01", {}),
      await page.enroll("web-02", {}),
      await page.enroll("web-03", {}),
    ];
    await page.enroll("WEB-04", {});
    for (const sensor of [one, two, three]) await page.checkIn(sensor);
    await world.call(sensors.blockSensor, cookie, { params: { id: two.id } });
    await world.call(sensors.deleteSensor, cookie, { params: { id: three.id } });
    const rollout = await page.rollout();
    expect(rollout.counts).toEqual({ reporting: 1, arrived: 3, refused: 0, missing: 1 });
    expect(rollout.hosts.map(({ hostname, state, sensorState }) => [hostname, state, sensorState])).toEqual([
      ["web-01", "reporting", "reporting"],
      ["web-02", "arrived", "blocked"],
      ["web-03", "arrived", "deleted"],
      ["web-04", "arrived", "pending"],
      ["web-05", "missing", null],
    ]);
    expect(rollout.hosts.map(({ firstSeenAt }) => firstSeenAt)).toEqual([
      new Date(start).toISOString(),
      ...Array(3).fill(new Date(start + 5 * MINUTE).toISOString()),
      null,
    ]);
    // Without hostnames, the same hosts count the same.
    await world.call(setRollout, cookie, { params: page.params, body: { type: "number", machines: 6 } });
    expect((await page.rollout()).counts).toEqual({ reporting: 1, arrived: 3, refused: 0, missing: 2 });
  });

  test(`the timeline counts arrivals and refusals in round buckets (${dialect})`, async () => {
    await using page = await openRollout(dialect);
    const { world } = page;
    expect(await page.timeline()).toEqual({ bucketSeconds: 5, buckets: [] });
    world.clock.ms = Date.parse("2026-11-24T09:00:07.000Z");
    await page.enroll("web-01", {});
    world.clock.ms += 1_000;
    await page.enroll("web-02", {});
    const first = await page.timeline();
    expect(first.bucketSeconds).toBe(5);
    expect(first.buckets).toHaveLength(MAX_TIMELINE_BUCKETS);
    expect(first.buckets[0]).toEqual({ at: "2026-11-24T08:55:10.000Z", enrolled: 0, refused: 0 });
    expect(first.buckets.at(-1)).toEqual({ at: "2026-11-24T09:00:05.000Z", enrolled: 2, refused: 0 });

    world.clock.ms += 20 * MINUTE;
    await page.pause();
    await page.refuse(page.value, "web-03");
    const later = await page.timeline();
    expect(later.bucketSeconds).toBe(30);
    expect(later.buckets[0]).toEqual({ at: "2026-11-24T09:00:00.000Z", enrolled: 2, refused: 0 });
    expect(later.buckets.at(-1)).toEqual({ at: "2026-11-24T09:20:00.000Z", enrolled: 0, refused: 1 });
    expect(later.buckets).toHaveLength(41);

    // Long after the last attempt, the chart ends shortly after it. A shorter range ends now.
    world.clock.ms += 90 * DAY;
    const ended = await page.timeline();
    expect(Date.parse(ended.buckets.at(-1)!.at)).toBeLessThan(Date.parse("2026-11-24T09:30:00.000Z"));
    expect(ended.buckets.reduce((sum, { enrolled }) => sum + enrolled, 0)).toBe(2);
    for (const range of ["hour", "day", "week"]) {
      const { buckets } = await page.timeline({ range });
      expect(buckets.length).toBeLessThanOrEqual(MAX_TIMELINE_BUCKETS);
      expect(buckets.every(({ enrolled, refused }) => enrolled + refused === 0)).toBe(true);
      expect(world.clock.ms - Date.parse(buckets.at(-1)!.at)).toBeLessThan(DAY);
    }
  });
}

test("buckets cover every span, start at round times and are limited in number", () => {
  const from = Date.parse("2026-11-24T09:00:07.123Z");
  for (const span of [0, 1, 5 * MINUTE, 61 * MINUTE, DAY, 8 * DAY, 60 * DAY, 400 * DAY, 40 * 365 * DAY]) {
    const to = from + span;
    const { from: start, widthMs, count } = bucketsOf({ from, to });
    expect(start).toBeLessThanOrEqual(from);
    expect(start % widthMs).toBe(0);
    expect(start + (count - 1) * widthMs).toBeLessThanOrEqual(to);
    expect(start + count * widthMs).toBeGreaterThan(to);
    expect(count).toBeLessThanOrEqual(MAX_TIMELINE_BUCKETS);
    if (span >= 5 * MINUTE) expect(count).toBeGreaterThan(MAX_TIMELINE_BUCKETS / 4);
  }
});
