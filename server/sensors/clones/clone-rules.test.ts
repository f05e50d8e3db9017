import { expect, test } from "bun:test";
import { differences, type Instance, type InstanceHost, judgeInstance } from "./clone-rules.ts";

const MINUTE_MS = 60_000;
const NOW = 1_000 * MINUTE_MS;
const WEB: InstanceHost = { machineId: "a", productUuid: "u1", macs: ["52:54:00:00:00:01"] };
const CLONE: InstanceHost = { machineId: "a", productUuid: "u2", macs: ["52:54:00:00:00:02"] };

const instance = (
  instanceId: string,
  state: Instance["state"],
  host: InstanceHost,
  extra: Partial<Instance> = {},
): Instance => ({
  instanceId,
  state,
  host,
  firstSeenAt: NOW - 10 * MINUTE_MS,
  returnedAt: null,
  returns: 0,
  ...extra,
});

const judge = (
  instanceId: string,
  host: InstanceHost,
  instances: Instance[],
  extra: { seenAt?: number; enrolled?: InstanceHost } = {},
) =>
  judgeInstance({
    instanceId,
    host,
    instances,
    enrolledHost: extra.enrolled ?? WEB,
    now: NOW,
    holderSeenAt: extra.seenAt ?? NOW - MINUTE_MS,
    silentAfterMs: 3 * MINUTE_MS,
    settledAfterMs: 1.25 * MINUTE_MS,
    lateForMs: MINUTE_MS / 2,
  });

const takesOver = {
  type: "holder",
  returned: false,
  isDisputed: false,
  heldForMs: Number.POSITIVE_INFINITY,
  returns: 0,
} as const;
const restarts = { ...takesOver, isDisputed: true, heldForMs: 0 };

test("the first instance of a sensor holds its key, on any host", () => {
  expect(judge("b1", WEB, [])).toEqual(takesOver);
  expect(judge("b1", CLONE, [])).toEqual(takesOver);
});

test("a restart on the same host takes over at once, also with another address or hostname", () => {
  const earlier = instance("b1", "holder", WEB);
  expect(judge("b2", WEB, [earlier])).toEqual(restarts);
  expect(judge("b2", { ...WEB, hostname: "web-02", addresses: ["10.0.0.9"] }, [earlier])).toEqual(restarts);
  expect(judge("b2", { ...WEB, macs: ["52:54:00:00:00:99", "52:54:00:00:00:01"] }, [earlier])).toEqual(
    restarts,
  );
  expect(judge("b2", {}, [earlier])).toEqual(restarts);
});

test("a restart that reports the same facts in capital letters takes over at once", () => {
  const told: InstanceHost = { machineId: "ab", macs: ["52:54:00:ab:cd:ef"] };
  const capitals: InstanceHost = { machineId: "AB", macs: ["52:54:00:AB:CD:EF"] };
  expect(judge("b2", capitals, [instance("b1", "holder", told)])).toEqual(restarts);
});

test("an instance on another host waits while the holder may be alive, and takes over once the holder is silent", () => {
  const holder = instance("b1", "holder", WEB);
  expect(judge("b2", CLONE, [holder])).toEqual({ type: "newcomer" });
  expect(judge("b2", CLONE, [holder, instance("b2", "newcomer", CLONE)])).toEqual({ type: "newcomer" });
  const seenAt = NOW - 3 * MINUTE_MS;
  expect(judge("b2", CLONE, [holder], { seenAt })).toEqual({ type: "newcomer" });
  expect(judge("b2", CLONE, [holder], { seenAt: seenAt - 1 })).toEqual({ ...takesOver, heldForMs: 0 });
});

test("a holder that reports after newcomers keeps the key, and all newcomers are clones", () => {
  const instances = [
    instance("b1", "holder", WEB),
    instance("b2", "newcomer", CLONE),
    instance("b3", "newcomer", CLONE),
  ];
  expect(judge("b1", WEB, instances)).toEqual({ type: "fork", holder: "b1", clones: ["b2", "b3"] });
  for (const clone of ["b2", "b3"]) {
    const after = [
      instances[0]!,
      { ...instances[1]!, state: "clone" as const },
      { ...instances[2]!, state: "clone" as const },
    ];
    expect(judge(clone, CLONE, after)).toEqual({ type: "clone" });
  }
});

test("the host that enrolled is the original, even if its clone started first", () => {
  const instances = [instance("clone", "holder", CLONE), instance("original", "newcomer", WEB)];
  expect(judge("clone", CLONE, instances)).toEqual({ type: "fork", holder: "original", clones: ["clone"] });
});

const RECENT = NOW - MINUTE_MS;

test("a single request of a past instance decides nothing, because it may be its last", () => {
  const past = instance("b1", "past", WEB, { returnedAt: RECENT });
  const holder = instance("b2", "holder", WEB);
  expect(judge("b1", WEB, [past, holder])).toEqual({ type: "stray", returns: 1 });
  const stray = { ...past, returns: 1 };
  expect(judge("b2", WEB, [stray, holder])).toEqual({ ...takesOver, isDisputed: true, returns: 1 });
  expect(judge("b2", WEB, [stray, { ...holder, returns: 5 }])).toEqual({
    ...takesOver,
    isDisputed: true,
    returns: 6,
  });
  // A request that arrives within seconds of a restart may have been sent before it.
  const fresh = { ...holder, firstSeenAt: NOW - 1_000 };
  expect(judge("b1", WEB, [stray, fresh])).toEqual({ type: "stray", returns: 1 });
});

test("two hosts with equal facts are detected when both have reported twice", () => {
  const stray = instance("b1", "past", WEB, { firstSeenAt: 1, returnedAt: RECENT, returns: 1 });
  const holder = instance("b2", "holder", WEB, { firstSeenAt: 2 });
  const fork = { type: "fork" as const, holder: "b1", clones: ["b2"] };
  expect(judge("b1", WEB, [stray, { ...holder, returns: 2 }])).toEqual(fork);
  expect(judge("b1", WEB, [stray, { ...holder, returns: 1 }])).toEqual({ type: "stray", returns: 2 });
  expect(
    judge("b2", WEB, [
      { ...stray, returns: 2 },
      { ...holder, returns: 1 },
    ]),
  ).toEqual(fork);
  // The holder took the key back from b1 a minute ago.
  expect(judge("b1", WEB, [stray, { ...holder, returnedAt: RECENT }])).toEqual(fork);
});

test("a host that is reset to a snapshot takes the key back, and is not its own clone", () => {
  const snapshot = instance("b1", "past", WEB, { returnedAt: RECENT, returns: 1 });
  const returned = { ...takesOver, isDisputed: true, returned: true };
  expect(judge("b1", WEB, [snapshot, instance("b2", "holder", WEB)])).toEqual(returned);
  const seenAt = NOW - 4 * MINUTE_MS;
  expect(judge("b1", WEB, [{ ...snapshot, returns: 0 }, instance("b2", "holder", WEB)], { seenAt })).toEqual(
    returned,
  );
  const later = instance("b2", "holder", WEB, { returnedAt: NOW - 60 * MINUTE_MS });
  expect(judge("b1", WEB, [snapshot, later])).toEqual(returned);
});

test("only facts that both hosts have can differ; hostnames and addresses are no evidence", () => {
  expect(differences(WEB, CLONE)).toEqual(["product-uuid", "mac-address"]);
  expect(differences(WEB, { ...WEB, hostname: "x", addresses: ["10.0.0.1"] })).toEqual([]);
  expect(differences({ productUuid: "ABC" }, { productUuid: "abc", serialNumber: "1" })).toEqual([]);
});
