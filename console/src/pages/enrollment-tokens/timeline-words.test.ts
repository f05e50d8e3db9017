import { expect, test } from "bun:test";
import { timelineBars, timelineSummary } from "./timeline-words.ts";

function bars(start: string, bucketSeconds: number, count: number, timeZone = "Europe/Berlin") {
  const buckets = Array.from({ length: count }, (_, index) => ({
    at: new Date(Date.parse(start) + index * bucketSeconds * 1000).toISOString(),
    ...{ enrolled: index, refused: 1 },
  }));
  return timelineBars({ bucketSeconds, buckets }, { timeZone, locale: "en-GB" });
}

test("bars are named in the time zone of the browser", () => {
  const [first, second] = bars("2026-11-24T09:00:05.000Z", 5, 12);
  expect(first).toEqual({
    key: "2026-11-24T09:00:05.000Z",
    label: "10:00:05",
    title: "24 Nov, 10:00:05–10:00:10",
    values: [0, 1],
  });
  expect(second?.values).toEqual([1, 1]);
});

test("bars of more than a day name the day, and bars of days only the day", () => {
  const hours = bars("2026-11-24T09:00:00.000Z", 3_600, 40);
  expect(hours[0]).toMatchObject({ label: "24 Nov, 10:00", title: "24 Nov, 10:00–11:00" });
  expect(hours[13]?.title).toBe("24 Nov, 23:00 – 25 Nov, 00:00");
  const days = bars("2026-11-24T00:00:00.000Z", 86_400, 30);
  expect(days[0]).toMatchObject({ label: "24 Nov", title: "24 Nov, 01:00 – 25 Nov, 01:00" });
});

test("the summary counts all bars", () => {
  const at = "2026-11-24T09:00:00.000Z";
  const buckets = [
    { at, enrolled: 1, refused: 0 },
    { at, enrolled: 0, refused: 1 },
  ];
  expect(timelineSummary({ bucketSeconds: 60, buckets })).toBe("1 host enrolled, 1 refusal.");
});
