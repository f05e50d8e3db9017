import { expect, test } from "bun:test";
import { daysFrom, expiryError, fromWallClock, isPreset, toWallClock } from "./expiry.ts";

const now = new Date(2026, 10, 24, 12, 30);

test("converts wall-clock text to an instant and back", () => {
  expect(toWallClock(now)).toBe("2026-11-24 12:30:00");
  expect(fromWallClock("2026-11-24 12:30:00")).toEqual(now);
});

test("an expiry must be a date in the future", () => {
  expect(expiryError(null, now)).toBe("Choose a date and time");
  expect(expiryError("soon", now)).toBe("Choose a date and time");
  expect(expiryError("2026-11-24 12:30:00", now)).toBe("Must be in the future");
  expect(expiryError("2026-11-24 12:31:00", now)).toBeUndefined();
});

test("adds calendar days, also across the end of a month", () => {
  expect(toWallClock(daysFrom(now, 7))).toBe("2026-12-01 12:30:00");
});

test("a preset is the same time of day after some days, also when the clocks change between", () => {
  const zone = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  try {
    const before = new Date("2026-10-20T12:30:10.000Z");
    expect(toWallClock(before)).toBe("2026-10-20 14:30:00");
    expect(toWallClock(daysFrom(before, 7))).toBe("2026-10-27 14:30:00");
    expect(fromWallClock("2026-10-27 14:30:00")?.toISOString()).toBe("2026-10-27T13:30:00.000Z");
    expect(isPreset("2026-10-27 14:30:00", 7, before)).toBe(true);
    expect(isPreset("2026-10-27 14:35:00", 7, before)).toBe(false);
    expect(isPreset("2026-10-27 14:30:00", 1, before)).toBe(false);
    expect(isPreset(null, 7, before)).toBe(false);
    // The hour that the clocks skip is the next one.
    expect(fromWallClock("2027-03-28 02:30:00")?.toISOString()).toBe("2027-03-28T01:30:00.000Z");
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});
