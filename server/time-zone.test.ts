import { expect, test } from "bun:test";
import { lastDays } from "./time-zone.ts";

const HOUR_MS = 3_600_000;
const hoursOf = (zone: string, now: string, days: number) =>
  lastDays(zone, Date.parse(now), days).map(({ from, until }) => (until - from) / HOUR_MS);

test("days begin at midnight in the zone, and the last one contains now", () => {
  const days = lastDays("Asia/Kathmandu", Date.parse("2026-11-26T18:14:59Z"), 2);
  expect(days.map(({ from }) => new Date(from).toISOString())).toEqual([
    "2026-11-24T18:15:00.000Z",
    "2026-11-25T18:15:00.000Z",
  ]);
  const [next] = lastDays("Asia/Kathmandu", Date.parse("2026-11-26T18:15:00Z"), 1);
  expect(new Date(next!.from).toISOString()).toBe("2026-11-26T18:15:00.000Z");
});

test("a day has 23 or 25 hours when the clock changes, and a missing midnight is the moment of the change", () => {
  expect(hoursOf("Europe/Berlin", "2026-10-26T12:00:00Z", 3)).toEqual([24, 25, 24]);
  expect(hoursOf("Europe/Berlin", "2026-03-30T12:00:00Z", 3)).toEqual([24, 23, 24]);
  // In Cairo, the clock skips from 24:00 to 01:00.
  expect(hoursOf("Africa/Cairo", "2026-04-25T12:00:00Z", 3)).toEqual([24, 23, 24]);
  for (const zone of ["UTC", "Pacific/Apia", "America/St_Johns", "Asia/Kolkata"]) {
    const days = lastDays(zone, Date.parse("2026-11-26T12:00:00Z"), 90);
    for (const [nth, { until }] of days.slice(0, -1).entries()) expect(until).toBe(days[nth + 1]!.from);
  }
});
