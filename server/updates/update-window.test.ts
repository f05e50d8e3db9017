// When a window is open, also over midnight and on the nights when the clock changes.
import { expect, test } from "bun:test";
import { WEEKDAYS, type Weekday } from "@attacklens/protocol/ring-settings.ts";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import { isOpen, listOpenings, opensAt } from "./update-window.ts";

const BERLIN = "Europe/Berlin";
const HOUR_MS = 3_600_000;
const EVERY_DAY = [...WEEKDAYS];

function openingsIn(days: Weekday[], hours: string, timeZone: string, from: string) {
  const now = Date.parse(from);
  return listOpenings({ days, hours, timeZone }, now)
    .filter((opening) => opening.until > now)
    .map((opening) => [opening.from, opening.until].map((ms) => new Date(ms).toISOString().slice(0, 16)));
}

test("without days and hours, it is always open", () => {
  const openings = listOpenings({ days: EVERY_DAY, hours: "00:00-24:00", timeZone: BERLIN }, 0);
  expect([isOpen(openings, 0), isOpen(openings, 5e12), opensAt(openings, 0)]).toEqual([
    true,
    true,
    undefined,
  ]);
});

test("the hours are those of the time zone, also when its clock changes", () => {
  const [first, second] = openingsIn(["sat", "sun"], "22:00-23:00", BERLIN, "2026-10-24T12:00Z");
  expect([first, second]).toEqual([
    ["2026-10-24T20:00", "2026-10-24T21:00"],
    ["2026-10-25T21:00", "2026-10-25T22:00"],
  ]);
});

test("hours past midnight belong to the day on which they begin", () => {
  const [first, next] = openingsIn(["fri"], "22:00-04:00", "UTC", "2026-11-24T12:00Z");
  expect(first).toEqual(["2026-11-27T22:00", "2026-11-28T04:00"]);
  // Saturday at 02:00 is open, Friday at 02:00 is not.
  const openings = listOpenings(
    { days: ["fri"], hours: "22:00-04:00", timeZone: "UTC" },
    Date.parse("2026-11-28T02:00Z"),
  );
  expect(isOpen(openings, Date.parse("2026-11-28T02:00Z"))).toBe(true);
  expect(isOpen(openings, Date.parse("2026-11-27T02:00Z"))).toBe(false);
  expect(next === undefined || next[0]! > "2026-12-04").toBe(true);
});

test("whole days that follow each other are one opening", () => {
  expect(openingsIn(["sat", "sun"], "00:00-24:00", "UTC", "2026-11-25T12:00Z")[0]).toEqual([
    "2026-11-28T00:00",
    "2026-11-30T00:00",
  ]);
});

test("a window that the clock skips in part is the rest of it", () => {
  // On 29 March 2026, 02:00 in Berlin is followed by 03:00.
  expect(openingsIn(["sun"], "02:30-04:00", BERLIN, "2026-03-28T12:00Z")[0]).toEqual([
    "2026-03-29T01:00",
    "2026-03-29T02:00",
  ]);
  expect(openingsIn(["sat"], "22:00-02:30", BERLIN, "2026-03-28T12:00Z")[0]).toEqual([
    "2026-03-28T21:00",
    "2026-03-29T01:00",
  ]);
});

test("a window that the clock skips as a whole is as long as on other days", () => {
  expect(openingsIn(["sun"], "02:00-03:00", BERLIN, "2026-03-28T12:00Z")[0]).toEqual([
    "2026-03-29T01:00",
    "2026-03-29T02:00",
  ]);
});

test("a time that comes twice is the first of the two", () => {
  // On 25 October 2026, 03:00 in Berlin is followed by 02:00.
  expect(openingsIn(["sun"], "02:30-05:00", BERLIN, "2026-10-24T12:00Z")[0]).toEqual([
    "2026-10-25T00:30",
    "2026-10-25T04:00",
  ]);
  expect(openingsIn(["sun"], "02:00-02:30", BERLIN, "2026-10-24T12:00Z")[0]).toEqual([
    "2026-10-25T00:00",
    "2026-10-25T00:30",
  ]);
});

test("a zone that is half an hour off, or changes at midnight, has its windows", () => {
  expect(openingsIn(["mon"], "01:00-02:00", "Asia/Kolkata", "2026-11-22T12:00Z")[0]).toEqual([
    "2026-11-22T19:30",
    "2026-11-22T20:30",
  ]);
  // On 24 April 2026, 00:00 in Cairo is followed by 01:00.
  expect(openingsIn(["fri"], "00:00-06:00", "Africa/Cairo", "2026-04-23T12:00Z")[0]).toEqual([
    "2026-04-23T22:00",
    "2026-04-24T03:00",
  ]);
});

test("every window opens within 9 days, and on each day for no longer than its hours and one", () => {
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const text = ([hour, minute]: [number, number]) =>
    `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  fc.assert(
    fc.property(
      ...[fc.constantFrom(...WEEKDAYS), time, time],
      fc.constantFrom(
        "UTC",
        BERLIN,
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Tehran",
      ),
      fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2030, 0, 1) }),
      (day, begin, end, timeZone, now) => {
        fc.pre(text(begin) !== text(end));
        const hours = `${text(begin)}-${text(end)}`;
        const openings = listOpenings({ days: [day], hours, timeZone }, now);
        const minutes = (end[0] - begin[0]) * 60 + end[1] - begin[1];
        const lengthMs = ((minutes + 24 * 60) % (24 * 60)) * 60_000;
        for (const { from, until } of openings) {
          expect(until).toBeGreaterThan(from);
          expect(Math.abs(until - from - lengthMs)).toBeLessThanOrEqual(HOUR_MS);
        }
        const opens = opensAt(openings, now) ?? now;
        expect(opens - now).toBeLessThanOrEqual(9 * 24 * HOUR_MS);
      },
    ),
    { numRuns: drawnCases(100) },
  );
});
