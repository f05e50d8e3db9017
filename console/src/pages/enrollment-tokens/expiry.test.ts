import { expect, test } from "bun:test";
import { daysFrom, expiryError, fromWallClock, toWallClock } from "./expiry.ts";

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
