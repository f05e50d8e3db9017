import { expect, test } from "bun:test";
import { DEFAULT_RING_SETTINGS } from "@attacklens/protocol/ring-settings.ts";
import { createUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { initialRingValues, toRingBody, valuesOf } from "./ring-values.ts";

const ring = { ...DEFAULT_RING_SETTINGS, name: "Lab", assetGroups: [] };

test("a new ring is at any time, in the time zone of the browser", () => {
  const body = toRingBody({ ...initialRingValues("Europe/Berlin"), name: " Lab " });
  expect(createUpdateRing.body.parse(body)).toEqual({
    ...DEFAULT_RING_SETTINGS,
    ...{ name: "Lab", assetGroupIds: [], timeZone: "Europe/Berlin" },
  });
});

test("a ring that is opened and saved stays the same", () => {
  for (const hours of ["00:00-24:00", "22:00-04:00", "09:30-24:00", "00:00-12:00"]) {
    const settings = { ...ring, hours, version: "2026.11.0" };
    expect(toRingBody(valuesOf(settings))).toMatchObject({ hours, version: "2026.11.0" });
  }
});

test("hours that the user has not chosen are proposed at night", () => {
  const values = valuesOf(ring);
  expect([values.isWholeDay, values.version]).toEqual([true, ""]);
  expect(toRingBody({ ...values, isWholeDay: false }).hours).toBe("22:00-04:00");
});
