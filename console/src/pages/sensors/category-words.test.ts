import { expect, test } from "bun:test";
import {
  describeGap,
  durationOf,
  emptyPageOf,
  failureOf,
  gapCountOf,
  itemCountOf,
} from "./category-words.ts";
import type { CategoryState } from "./SensorTabs.tsx";

const state = (some: Partial<CategoryState>): CategoryState => ({
  ...{ category: "packages", status: "collected", items: 2, changedAt: "2026-11-24T09:30:00.000Z" },
  ...some,
});

test("states why a category was not collected", () => {
  expect(failureOf(state({ status: "too-slow", reason: "it took more than 10 seconds" }))).toBe(
    "The last collection was too slow: it took more than 10 seconds.",
  );
  expect(failureOf(state({ status: "not-permitted", reason: "Cannot read /a: permission denied" }))).toBe(
    "The sensor is not permitted to read the packages: Cannot read /a: permission denied.",
  );
  expect(failureOf(state({ status: "failed" }))).toContain("failed: the sensor gave no reason.");
  expect(failureOf(state({ status: "absent", reason: "no dpkg" }))).toBeUndefined();
});

test("states why a page has no items", () => {
  const titleOf = (some: Partial<CategoryState>) => emptyPageOf("packages", state(some), "linux")?.title;
  expect(titleOf({ status: "absent", reason: "no dpkg", changedAt: null })).toBe("No packages on this host");
  expect(titleOf({ status: "switched-off", changedAt: null })).toBe("Switched off by the host's owner");
  expect(titleOf({ status: "waiting", changedAt: null })).toBe("No packages reported yet");
  expect(titleOf({ status: "unsupported", changedAt: null })).toBe("Not collected on Linux");
  // The previous collection is shown.
  expect(titleOf({ status: "unsupported" })).toBeUndefined();
  expect(titleOf({ status: "failed", changedAt: null })).toBeUndefined();
  expect(titleOf({})).toBeUndefined();
});

test("says at once what the sensors of a platform do not report", () => {
  const containersOn = (platform: "linux" | "darwin" | "windows") =>
    emptyPageOf(
      "containers",
      state({ category: "containers", status: "waiting", changedAt: null }),
      platform,
    );
  expect(containersOn("darwin")).toEqual({
    title: "Not collected on macOS",
    text: "Sensors on macOS do not report containers. No setting changes this.",
  });
  expect(containersOn("windows")?.title).toBe("Not collected on Windows");
  expect(containersOn("linux")?.title).toBe("No containers reported yet");
});

test("counts items, gaps and time", () => {
  expect(itemCountOf({ items: 50_000, totalItems: 70_123 })).toBe("50\u2009000 of 70\u2009123");
  expect(itemCountOf({ items: 7 })).toBe("7");
  const one = { kind: "not-permitted", subject: "/etc/shadow", reason: "permission denied" } as const;
  const many = { ...one, subject: "/proc/*/exe", count: 200 };
  expect(gapCountOf([one])).toBe("1 gap");
  expect(gapCountOf([one, many])).toBe("At least 201 gaps");
  expect(describeGap(one)).toBe("/etc/shadow: permission denied");
  expect(describeGap(many)).toBe("/proc/*/exe: permission denied (at least 200 times)");
  expect(durationOf({ durationMs: 312 })).toBe("0.3 s");
  expect(durationOf({ durationMs: 4 })).toBe("< 0.1 s");
  expect(durationOf({})).toBe("–");
});
