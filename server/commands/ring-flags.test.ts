import { expect, test } from "bun:test";
import { parseArgs } from "node:util";
import { DEFAULT_RING_SETTINGS, RING_SETTINGS } from "@attacklens/protocol/ring-settings.ts";
import { RING_FLAGS, RING_FLAGS_HELP, readRingSettings } from "./ring-flags.ts";
import { UPDATES_USAGE } from "./updates.ts";

const read = (...args: string[]) => readRingSettings(parseArgs({ args, options: RING_FLAGS }).values);

test("each setting of a ring has a flag, and a setting without its flag stays as it is", () => {
  expect(read()).toEqual({});
  const settings = read(
    ...["--day", "sat,sun", "--day", "mon", "--hours", "22:00-04:00", "--time-zone", "Europe/Berlin"],
    ...[
      "--canaries",
      "5",
      "--stop-after",
      "2",
      "--soak-minutes",
      "0",
      "--pin",
      "2026.11.0",
      "--mandatory",
      "yes",
    ],
  );
  expect(Object.keys(settings)).toEqual(Object.keys(DEFAULT_RING_SETTINGS));
  expect(settings).toEqual({
    days: ["sat", "sun", "mon"],
    hours: "22:00-04:00",
    timeZone: "Europe/Berlin",
    canaries: 5,
    stopAfter: 2,
    soakMinutes: 0,
    version: "2026.11.0",
    mandatory: true,
  });
  expect(read("--pin", "newest", "--mandatory", "no")).toEqual({ version: null, mandatory: false });
});

test("a flag of a ring with an invalid value is a usage error that states the valid ones", () => {
  expect(() => read("--day", "someday")).toThrow("--day must be one of mon, tue, wed, thu, fri, sat, sun");
  expect(() => read("--mandatory", "maybe")).toThrow("--mandatory must be yes or no");
  expect(() => read("--canaries", "-1")).toThrow("argument is ambiguous");
  expect(() => read("--canaries", "1.5")).toThrow("--canaries must be a whole number");
});

test("the help of rings lists every flag, and its lines fit a terminal", () => {
  for (const { flag } of Object.values(RING_SETTINGS)) expect(RING_FLAGS_HELP).toContain(`  --${flag}`);
  expect(UPDATES_USAGE.split("\n").filter((line) => line.length > 100)).toEqual([]);
});
