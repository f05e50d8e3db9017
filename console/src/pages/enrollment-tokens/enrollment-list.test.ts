import { expect, test } from "bun:test";
import { boundsText, startOf } from "./enrollment-list.ts";

test("the time filter has a day's name, also when the clock changes on it", () => {
  const zone = "Europe/Berlin";
  const day = { from: "2026-10-24T22:00:00.000Z", until: "2026-10-25T23:00:00.000Z" };
  expect(boundsText(day, zone, "en-GB")).toBe("25 Oct 2026");
  expect(boundsText({ ...day, until: "2026-10-27T23:00:00.000Z" }, zone, "en-GB")).toBe(
    "25 Oct 2026 to 27 Oct 2026",
  );
  expect(boundsText(day, "UTC", "en-GB")).toBe("24 Oct 2026, 22:00 to 25 Oct 2026, 23:00");
  expect(boundsText({ from: day.from }, zone, "en-GB")).toBe("since 25 Oct 2026");
  expect(boundsText({ from: day.from }, "UTC", "en-GB")).toBe("since 24 Oct 2026, 22:00");
  expect(boundsText({ until: day.from }, zone, "en-GB")).toBe("before 25 Oct 2026");
  expect(boundsText({})).toBeUndefined();
});

test("a period starts at a whole minute", () => {
  expect(startOf("7", Date.parse("2026-11-26T10:30:59.999Z"))).toBe("2026-11-19T10:30:00.000Z");
});
