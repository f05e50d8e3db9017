// The decisions of the loop, without real waits: the state after a cycle, the status file, and the next wait.
import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { UpdateReport } from "@attacklens/protocol/updates.ts";
import type { Inventory } from "../inventory/cut-category.ts";
import { type EnrolledIdentity, identityPath, makeIdentity, writeIdentity } from "../state/identity.ts";
import { readStatus } from "../state/status-file.ts";
import { makeFolder } from "../testing/test-command.ts";
import { addressOfNoServer, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";
import { type Cycle, openCycle } from "./cycle.ts";
import { run } from "./loop.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let identity: EnrolledIdentity;
let random: ReturnType<typeof spyOn>;
beforeEach(async () => {
  folder = makeFolder();
  server = await startTestServer();
  enrollWith(server.url);
  random = spyOn(Math, "random").mockReturnValue(0);
});
afterEach(async () => {
  random.mockRestore();
  await server[Symbol.asyncDispose]();
  expect(server.received.filter(({ signatureError }) => signatureError)).toEqual([]);
  expect(JSON.parse(readFileSync(identityPath(folder.path), "utf8"))).toEqual(identity);
  folder[Symbol.dispose]();
});

function enrollWith(url: string) {
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  identity = { ...makeIdentity(url), state: "enrolled", sensorId: SENSOR_ID, enrolledAt };
  server.world.publicKey = identity.publicKey;
  writeIdentity(folder.path, identity);
}

const unsupported = Object.fromEntries(CATEGORIES.map((category) => [category, { status: "unsupported" }]));
const collect = async () =>
  ({ ...unsupported, ports: { status: "failed", reason: "no /proc" } }) as Inventory;
const host: HostFacts = {
  hostname: "web-01",
  platform: "linux",
  architecture: "amd64",
  osName: "Debian GNU/Linux",
  osVersion: "12",
  macs: [],
  addresses: [],
};
const collectHost = async (): Promise<HostFacts> => host;
const cycleOnce = () =>
  openCycle({
    stateDir: folder.path,
    identity,
    collect,
    collectHost,
    signal: new AbortController().signal,
  })();

/** Runs the loop for some cycles, without pauses. */
async function runFor(cycles: number) {
  const seen: { cycle: Cycle; nextMs: number }[] = [];
  const stop = new AbortController();
  const onCycle = (cycle: Cycle, nextMs: number) => {
    seen.push({ cycle, nextMs });
    if (seen.length === cycles) stop.abort();
  };
  const pause = async () => {};
  await run({ stateDir: folder.path, identity, collect, collectHost, signal: stop.signal, onCycle, pause });
  return seen;
}

test("a successful cycle is recorded in the status file, with its failed categories", async () => {
  const { state, problem, retryAfterMs } = await cycleOnce();
  expect({ state, problem, retryAfterMs }).toEqual({ state: "connected", problem: null, retryAfterMs: 0 });
  const status = readStatus(folder.path);
  expect(status).toMatchObject({
    state: "connected",
    problem: null,
    failedCategories: [{ category: "ports", status: "failed", reason: "no /proc" }],
  });
  expect(status?.lastCheckInAt).toBe(status?.at as string);
});

test("a later failure keeps the result of the last check-in", async () => {
  await cycleOnce();
  const before = readStatus(folder.path);
  server.next.push(problem("unavailable"));
  expect((await cycleOnce()).state).toBe("server-in-trouble");
  expect(readStatus(folder.path)).toMatchObject({
    state: "server-in-trouble",
    problem: "the server returned 503: The server is temporarily unavailable",
    lastCheckInAt: before?.lastCheckInAt,
    failedCategories: [{ category: "ports", status: "failed", reason: "no /proc" }],
  });
});

test("treats request-timeout as a temporary failure of the server", async () => {
  server.next.push(problem("request-timeout"));
  expect(await cycleOnce()).toMatchObject({ state: "server-in-trouble", retryAfterMs: 0 });
});

test("a sensor that is unknown to the server keeps its key and checks in every 15 minutes", async () => {
  server.next.push(problem("sensor-unknown", { detail: "Cannot check in: the sensor was deleted" }));
  const [seen] = await runFor(1);
  expect(seen).toMatchObject({
    cycle: { state: "unknown-to-server", problem: "Cannot check in: the sensor was deleted" },
    nextMs: 15 * 60_000 * 0.9,
  });
});

test("retries after pauses that double up to a minute while other instances use newer nonces", async () => {
  random.mockReturnValue(1);
  for (let overtaken = 1; overtaken <= 24; overtaken++)
    server.next.push(problem("signature-replayed", { lastNonce: (Date.now() + overtaken) * 1000 }));
  const seen = await runFor(9);
  const lost = (nextMs: number) => ({ state: "ownership-undecided" as const, nextMs });
  expect(seen.map(({ cycle, nextMs }) => ({ state: cycle.state, nextMs }))).toEqual([
    ...[1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 66_000].map(lost),
    { state: "connected", nextMs: 66_000 },
  ]);
});

test("reports another refusal as refused", async () => {
  server.next.push(problem("signature-invalid"));
  expect(await cycleOnce()).toMatchObject({
    state: "refused",
    problem: "The signature does not match the request",
  });
});

test("the server sets the check-in interval; the sensor varies it by up to a tenth", async () => {
  random.mockReturnValue(0);
  expect((await runFor(1))[0]?.nextMs).toBe(54_000);
  random.mockReturnValue(1);
  expect((await runFor(1))[0]?.nextMs).toBe(66_000);
});

test("limits the check-in interval to between 1 second and 1 hour", async () => {
  random.mockReturnValue(0.5);
  for (const [asked, seconds] of [
    [1e9, 3_600],
    [Number.MAX_VALUE, 3_600],
    [3_601, 3_600],
    [0, 1],
    [-5, 1],
    [0.4, 1],
    [59.6, 60],
  ] as const) {
    server.world.checkInReply = { checkInIntervalSeconds: asked };
    const [seen] = await runFor(1);
    expect(seen?.cycle.state).toBe("connected");
    expect({ asked, nextMs: seen?.nextMs }).toEqual({ asked, nextMs: seconds * 1_000 });
  }
});

test("never retries before the time in Retry-After", async () => {
  for (const chance of [0, 0.25, 1]) {
    random.mockReturnValue(chance);
    server.next.push(problem("too-many-requests", {}, { "retry-after": "60" }));
    const [seen] = await runFor(1);
    expect(seen?.cycle.retryAfterMs).toBe(60_000);
    expect(seen?.nextMs).toBeGreaterThanOrEqual(60_000);
    expect(seen?.nextMs).toBeLessThan(75_000);
  }
});

test("backs off while the server fails, and returns to the normal interval after a success", async () => {
  random.mockReturnValue(1);
  server.next.push(...Array(3).fill(problem("unavailable")));
  const seen = await runFor(5);
  expect(seen.map(({ nextMs }) => nextMs)).toEqual([1_000, 2_000, 4_000, 66_000, 66_000]);
});

test("continues if the server is unreachable", async () => {
  enrollWith(await addressOfNoServer());
  const seen = await runFor(2);
  expect(seen.map(({ cycle }) => cycle)).toMatchObject(
    Array(2).fill({ state: "server-unreachable", problem: "connection refused" }),
  );
});

test("a loop stopped during a cycle does not report that cycle", async () => {
  const stop = new AbortController();
  server.next.push(() => stop.abort());
  const cycles: Cycle[] = [];
  const onCycle = (cycle: Cycle) => cycles.push(cycle);
  await run({ stateDir: folder.path, identity, collect, collectHost, signal: stop.signal, onCycle });
  expect(cycles).toEqual([]);
});

test("an identity that enroll replaces during a refused cycle is used immediately", async () => {
  const refused = problem("sensor-unknown");
  server.next.push((response, request) => {
    enrollWith(server.url);
    return refused(response, request);
  });
  const stop = new AbortController();
  const states: string[] = [];
  const onCycle = ({ state }: Cycle) => {
    states.push(state);
    if (states.length === 2) stop.abort();
  };
  const pause = async (_ms: number, signal: AbortSignal) => {
    if (!signal.aborted) throw new Error("The sensor waits with an old identity");
  };
  await run({ stateDir: folder.path, identity, collect, collectHost, signal: stop.signal, onCycle, pause });
  expect(states).toEqual(["unknown-to-server", "connected"]);
});

test("a status that cannot be written does not stop the reports", async () => {
  mkdirSync(join(folder.path, "status.json"));
  const cycle = await cycleOnce();
  expect(cycle.state).toBe("connected");
  expect(cycle.problem).toContain("the status could not be written: ");
});

test("how the host is updated is sent once for each instance, and again when it changes", async () => {
  const update = { method: "manual" as const, target: "linux-x64" };
  let attempt: UpdateReport["attempt"];
  const cycle = openCycle({
    ...{ stateDir: folder.path, identity, collect, collectHost, signal: new AbortController().signal },
    reportUpdate: () => ({ ...update, attempt }),
  });
  const sent = () =>
    server.received.filter(({ path }) => path.endsWith("/check-in")).map(({ body }) => body.update);
  // The first check-in gets no reply, and the second is not accepted.
  server.next.push(problem("sensor-blocked"));
  await cycle();
  server.world.checkInReply = { undecided: true };
  await cycle();
  server.world.checkInReply = {};
  await cycle();
  await cycle();
  expect(sent()).toEqual([update, update, update, undefined]);
  attempt = { version: "2026.12.0", attempt: 1, state: "done", at: "2026-11-24T09:30:00.000Z" };
  await cycle();
  await cycle();
  expect(sent().slice(4)).toEqual([{ ...update, attempt }, undefined]);
});

test("the offer of a reply reaches the work between two cycles, which ends before the next one begins", async () => {
  server.next.push((response, request) => {
    response.setHeader("Update-Version", "2026.12.0");
    response.setHeader("Update-Attempt", "2");
    server.answer(response, request);
  });
  const stop = new AbortController();
  const seen: unknown[] = [];
  let isBusy = false;
  await run({
    ...{ stateDir: folder.path, identity, collectHost, signal: stop.signal, pause: async () => {} },
    async collect() {
      expect(isBusy).toBe(false);
      return await collect();
    },
    onCycle: () => {},
    async betweenCycles({ result }) {
      isBusy = true;
      await new Promise(setImmediate);
      isBusy = false;
      if (seen.push(result?.offer) === 2) stop.abort();
    },
  });
  expect(seen).toEqual([{ version: "2026.12.0", attempt: 2 }, undefined]);
});
