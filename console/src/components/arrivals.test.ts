import { expect, test } from "bun:test";
import type { Arrival, Arrivals } from "@attacklens/protocol/arrivals.ts";
import { agoText, arrivalsSummary, arrivalText, arrivedHosts, serverTime } from "./arrivals.ts";

const START = Date.parse("2026-11-24T09:00:00.000Z");
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

function arrival(name: string, enrolled: number, reported: number | null = null): Arrival {
  return {
    sensor: { id: `sen_${name}`, name, deleted: false },
    state: reported === null ? "pending" : "reporting",
    enrolledAt: at(enrolled),
    reportedAt: reported === null ? null : at(reported),
    address: "10.0.0.1",
    ...{ cloneOf: null, match: null, replaces: null },
  };
}

const none = { reporting: 0, pending: 0, "awaiting-approval": 0, blocked: 0 };
const ended = { uninstalled: 0, replaced: 0, removed: 0, deleted: 0 };

function reply(items: Arrival[], reEnrolled: Arrivals["reEnrolled"] = []): Arrivals {
  return {
    since: at(0),
    at: at(60),
    counts: { enrolled: items.length, byState: { ...none, ...ended }, refused: 0 },
    refusals: [],
    reEnrolled,
    ...{ items, nextCursor: null, total: items.length, totalIsCapped: false },
  };
}

test("enrolled and re-enrolled hosts are one list, newest first and bounded", () => {
  const again = { sensor: { id: "sen_web-01", name: "web-01", deleted: false }, at: at(7) };
  const twice = { ...again, at: at(3) };
  const rows = arrivedHosts(reply([arrival("db-02", 9), arrival("db-01", 5)], [again, twice]), 50);
  expect(rows.map(({ kind, sensor, at }) => [kind, sensor.name, at])).toEqual([
    ["enrolled", "db-02", at(9)],
    ["re-enrolled", "web-01", at(7)],
    ["enrolled", "db-01", at(5)],
    ["re-enrolled", "web-01", at(3)],
  ]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(4);
  expect(arrivedHosts(reply([arrival("db-02", 9), arrival("db-01", 5)], [again]), 2)).toHaveLength(2);
});

test("hosts that enrolled in one instant keep the order of the server", () => {
  const names = ["c", "a", "b"];
  const rows = arrivedHosts(reply(names.map((name) => arrival(name, 5))), 50);
  expect(rows.map(({ sensor }) => sensor.name)).toEqual(names);
});

test("a row says how long ago its host enrolled and how long its first inventory took", () => {
  const [pending, reporting] = arrivedHosts(reply([arrival("web-02", 9), arrival("web-01", 5, 14)]), 50);
  expect(arrivalText(pending!, START + 13_900)).toBe("enrolled 4 s ago");
  expect(arrivalText(reporting!, START + 18_000)).toBe("enrolled 13 s ago · first inventory after 9 s");
  expect(arrivalText(reporting!, START + 3_605_000)).toBe("enrolled 1 h ago · first inventory after 9 s");
  const sensor = { id: "sen_web-01", name: "web-01", deleted: false };
  const [again] = arrivedHosts(reply([], [{ sensor, at: at(8) }]), 50);
  expect(arrivalText(again!, START + 10_000)).toBe("re-enrolled 2 s ago with a ticket · enrolled before");
});

test("a wrong clock of the browser changes nothing, because only the server's clock counts", () => {
  for (const wrongMs of [-600_000, 0, 600_000, 86_400_000 * 365]) {
    const receivedAt = START + 60_000 + wrongMs;
    const now = serverTime({ at: at(60), receivedAt }, receivedAt + 3_000);
    expect(agoText(at(50), now)).toBe("13 s ago");
  }
  // The clock was set back since the reply.
  expect(serverTime({ at: at(60), receivedAt: START + 60_000 }, START)).toBe(START + 60_000);
  // Another server's clock is slightly ahead.
  expect(agoText(at(61), START + 60_000)).toBe("0 s ago");
});

test("the summary names each state that has hosts, with the numbers of the server", () => {
  const byState = { ...none, ...ended };
  const summary = (counts: Arrivals["counts"], reEnrolled: Arrivals["reEnrolled"] = []) =>
    arrivalsSummary({ counts, reEnrolled });
  expect(summary({ enrolled: 0, byState, refused: 0 })).toBe("");
  expect(summary({ enrolled: 0, byState, refused: 1 })).toBe("1 host refused.");
  const again = { sensor: { id: "sen_web-01", name: "web-01", deleted: false }, at: at(7) };
  expect(summary({ enrolled: 0, byState, refused: 0 }, [again])).toBe("1 host re-enrolled.");
  const many = { ...byState, reporting: 9_800, pending: 199, deleted: 1 };
  expect(summary({ enrolled: 10_000, byState: many, refused: 12 })).toBe(
    "10\u2009000 enrolled: 9\u2009800 reporting, 199 waiting for first inventory, 1 deleted. 12 hosts refused.",
  );
});
