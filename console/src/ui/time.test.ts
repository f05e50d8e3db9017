import { expect, test } from "bun:test";
import { exactTime, formatElapsed, hasTwelveHours, relativeTime, withLocalTimes } from "./time.ts";

const now = Date.parse("2026-11-24T12:00:00.000Z");

test("a relative time uses the largest unit that fits", () => {
  expect(relativeTime("2026-11-24T11:59:59.000Z", now)).toBe("just now");
  expect(relativeTime("2026-11-24T11:59:40.000Z", now)).toBe("20 s ago");
  expect(relativeTime("2026-11-24T11:56:59.000Z", now)).toBe("3 min ago");
  expect(relativeTime("2026-11-24T10:00:00.000Z", now)).toBe("2 h ago");
  expect(relativeTime("2026-11-21T12:00:00.000Z", now)).toBe("3 d ago");
  expect(relativeTime("2026-12-01T12:00:00.000Z", now)).toBe("in 7 d");
  expect(relativeTime("2026-12-01T11:59:00.000Z", now)).toBe("in 7 d");
  expect(relativeTime("2026-11-25T11:59:00.000Z", now)).toBe("in 1 d");
  expect(relativeTime("2026-11-24T12:00:45.000Z", now)).toBe("in 45 s");
});

test("a time beyond sixty days is a date", () => {
  expect(relativeTime("2026-01-05T12:00:00.000Z", now, "en-GB")).toBe("5 Jan 2026");
  expect(relativeTime("2026-01-05T12:00:00.000Z", now, "en-US")).toBe("Jan 5, 2026");
});

test("the exact time includes its zone", () => {
  expect(exactTime("2026-11-24T09:30:05.000Z", "Europe/Berlin", "en-GB")).toBe("24 Nov 2026, 10:30:05 CET");
  expect(exactTime("2026-11-24T09:30:05.000Z", "UTC", "en-GB")).toBe("24 Nov 2026, 09:30:05 UTC");
});

test("times have 12 or 24 hours as the locale has them", () => {
  expect(exactTime("2026-11-24T19:30:05.000Z", "America/New_York", "en-US")).toBe(
    "Nov 24, 2026, 02:30:05 PM EST",
  );
  expect(exactTime("2026-11-24T19:30:05.000Z", "Europe/Berlin", "de-DE")).toBe("24. Nov. 2026, 20:30:05 MEZ");
  expect([hasTwelveHours("en-US"), hasTwelveHours("de-DE"), hasTwelveHours("en-GB")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("the instants in a text are shown in the zone of the browser", () => {
  const local = (text: string) => withLocalTimes(text, "Europe/Berlin", "en-GB");
  expect(local("the token was paused at 2026-11-24T09:30:05.123Z")).toBe(
    "the token was paused at 24 Nov 2026, 10:30:05 CET",
  );
  expect(local("expired at 2026-11-24T09:30Z, used")).toBe("expired at 24 Nov 2026, 10:30:00 CET, used");
  expect(local("web-2026-11-24T99:99:99Z does not match web-*")).toContain("2026-11-24T99:99:99Z");
});

test("an elapsed time has its two largest units", () => {
  const texts = [-5, 0, 0.9, 9, 59.9, 60, 125, 3_600, 12_000, 187_200].map((s) => formatElapsed(s * 1000));
  expect(texts.slice(0, 5)).toEqual(["0 s", "0 s", "0 s", "9 s", "59 s"]);
  expect(texts.slice(5)).toEqual(["1 min", "2 min 5 s", "1 h", "3 h 20 min", "2 d 4 h"]);
});
