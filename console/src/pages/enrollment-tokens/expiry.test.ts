import { expect, test } from "bun:test";
import { daysFrom, expiryError, fromWallClock, toWallClock } from "./expiry.ts";

const now = new Date(2026, 10, 24, 12, 30);

test("a wall-clock text and its instant are each other's", () => {
  expect(toWallClock(now)).toBe("2026-11-24 12:30:00");
  expect(fromWallClock("2026-11-24 12:30:00")).toEqual(now);
});

test("what is no date and what is not in the future is no expiry", () => {
  expect(expiryError(null, now)).toBe("Choose a date and time");
  expect(expiryError("soon", now)).toBe("Choose a date and time");
  expect(expiryError("2026-11-24 12:30:00", now)).toBe("Must be in the future");
  expect(expiryError("2026-11-24 12:31:00", now)).toBeUndefined();
});

test("days are counted on the calendar, across the end of a month", () => {
  expect(toWallClock(daysFrom(now, 7))).toBe("2026-12-01 12:30:00");
});
