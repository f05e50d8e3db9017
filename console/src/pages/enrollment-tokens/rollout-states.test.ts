import { expect, test } from "bun:test";
import { ROLLOUT_STATES } from "@attacklens/protocol/rollout.ts";
import {
  filteredHosts,
  type RolloutHost,
  readRolloutSearch,
  reasonText,
  sortedHosts,
  toggledStates,
} from "./rollout-states.ts";

const host = (hostname: string, state: RolloutHost["state"]): RolloutHost => ({
  ...{ hostname, state, reason: null, sensorId: null, sensorState: null, firstSeenAt: null },
});

test("the URL has the chosen states in order, and no invalid part", () => {
  expect(readRolloutSearch({ state: "missing,refused", q: "web", range: "day" })).toEqual({
    state: "refused,missing",
    q: "web",
    range: "day",
  });
  expect(readRolloutSearch({ state: "bogus", q: 7, range: "all" })).toEqual({});
  expect(readRolloutSearch({ state: "bogus,missing,missing" })).toEqual({ state: "missing" });
});

test("a part is added to the filter and removed again, and all parts are no filter", () => {
  expect(toggledStates(undefined, "missing")).toBe("missing");
  expect(toggledStates("missing", "refused")).toBe("refused,missing");
  expect(toggledStates("refused,missing", "missing")).toBe("refused");
  expect(toggledStates("refused", "refused")).toBeUndefined();
  expect(toggledStates("reporting,arrived,refused", "missing")).toBeUndefined();
});

test("hosts are filtered by a part of their name and by their state", () => {
  const hosts = ROLLOUT_STATES.map((state, index) => host(`web-0${index}`, state));
  const names = (search: object) => filteredHosts(hosts, search).map(({ hostname }) => hostname);
  expect(names({})).toHaveLength(4);
  expect(names({ state: "refused,missing" })).toEqual(["web-02", "web-03"]);
  expect(names({ state: "refused,missing", q: " WEB-03 " })).toEqual(["web-03"]);
  expect(names({ q: "db" })).toEqual([]);
});

test("hosts are sorted by each column, numbers by value, and hosts never seen are last", () => {
  const seen = (name: string, state: RolloutHost["state"], minute: number | null) => ({
    ...host(name, state),
    firstSeenAt: minute === null ? null : new Date(minute * 60_000).toISOString(),
  });
  const hosts = [
    seen("web-10", "missing", null),
    seen("web-2", "reporting", 3),
    { ...seen("db-1", "refused", 1), reason: "token-paused" as const },
  ];
  const names = (...by: ["hostname" | "state" | "reason" | "firstSeenAt" | undefined, ("asc" | "desc")?]) =>
    sortedHosts(hosts, ...by).map(({ hostname }) => hostname);
  expect(names(undefined)).toEqual(["web-10", "web-2", "db-1"]);
  expect(names("hostname", "asc")).toEqual(["db-1", "web-2", "web-10"]);
  expect(names("hostname", "desc")).toEqual(["web-10", "web-2", "db-1"]);
  expect(names("state", "asc")).toEqual(["web-2", "db-1", "web-10"]);
  expect(names("reason", "desc")[0]).toBe("db-1");
  expect(names("firstSeenAt", "asc")).toEqual(["db-1", "web-2", "web-10"]);
  expect(names("firstSeenAt", "desc")).toEqual(["web-2", "db-1", "web-10"]);
  expect(readRolloutSearch({ sort: "reason", order: "desc" })).toEqual({ sort: "reason", order: "desc" });
  expect(readRolloutSearch({ sort: "bogus", order: "desc" })).toEqual({});
});

test("a host that does not report says why", () => {
  expect(reasonText({ ...host("a", "refused"), reason: "token-paused" })).toBe("Token paused");
  expect(reasonText({ ...host("a", "arrived"), sensorState: "awaiting-approval" })).toBe("Awaiting approval");
  expect(reasonText({ ...host("a", "reporting"), sensorState: "reporting" })).toBe("");
  expect(reasonText(host("a", "missing"))).toBe("");
});
