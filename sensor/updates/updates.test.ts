// The life of an update, from the offer to the version that stays, with the test as supervisor: each "start"
// is a new run of the service. What the sensor would report is compared.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { updateReport } from "@attacklens/protocol/updates.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import type { Cycle } from "../reporting/cycle.ts";
import type { UpdateOffer } from "../reporting/update-offer.ts";
import { programOf, promote } from "../service/program-files.ts";
import { lockInstallation } from "../state/run-lock.ts";
import { writeStatus } from "../state/write-status.ts";
import {
  INTERVAL_MS,
  NEW,
  OLD,
  openUpdateHost,
  programText,
  type UpdateHost,
} from "../testing/test-updates.ts";
import { readUpdateRecord, type UpdateRecord, writeUpdateRecord } from "./update-record.ts";
import { openUpdates, type Updates } from "./updates.ts";

const OFFER: UpdateOffer = { version: NEW, attempt: 1 };
const never = new AbortController().signal;
let host: UpdateHost;
beforeEach(() => {
  host = openUpdateHost();
});
afterEach(() => host[Symbol.asyncDispose]());

const start = (release = OLD) => openUpdates(host.options(release));
const record = () => readUpdateRecord(host.paths.stateDir);
/** State and reason of the attempt that the sensor reports. */
function reported(updates: Updates) {
  const report = updates.report();
  // The server accepts it.
  updateReport.parse(JSON.parse(JSON.stringify(report)));
  return [report.attempt?.state, report.attempt?.reason];
}
const run = async (updates: Updates, cycle: Cycle) => await updates.betweenCycles(cycle, INTERVAL_MS);
const waitFor = async (updates: Updates, state: string) =>
  await waitUntil(`the update is ${state}`, () => reported(updates)[0] === state);

/** Brings a sensor to the start of the trial. */
async function untilTrial(updates: Updates, offer = OFFER): Promise<void> {
  await waitUntil("the trial begins", async () => {
    await run(updates, host.cycle(offer));
    return updates.ended.aborted;
  });
  expect(reported(updates)).toEqual(["trial", undefined]);
}

/** One trial of the program whose text is given, and the next start of the old version. */
async function tryProgram(text: string): Promise<Updates> {
  host.publish({ version: NEW, counter: 2, text });
  host.pauses.ending = 2;
  const updates = await start();
  await untilTrial(updates);
  await updates.finish(never);
  return await start();
}

test("a version that succeeds is the stable one from then on, and the earlier one is kept", async () => {
  host.publish({ version: NEW, counter: 2 });
  const old = await start();
  expect(old.report()).toEqual({ method: "self", target: host.options().target, attempt: undefined });
  await untilTrial(old);
  expect(host.linkOf(host.paths.trial)).toBe(NEW);
  expect(host.linkOf(host.paths.stable)).toBe(OLD);

  const onTrial = await start(NEW);
  expect(reported(onTrial)).toEqual(["trial", undefined]);
  await run(onTrial, host.cycle(undefined));
  expect(onTrial.ended.aborted).toBe(true);
  expect(host.linkOf(host.paths.stable)).toBe(NEW);

  const stable = await start(NEW);
  expect(reported(stable)).toEqual(["done", undefined]);
  expect(record()).toMatchObject({ accepted: { version: NEW, counter: 2 }, keySerial: 1, failures: [] });
  expect(readdirSync(host.paths.versions).sort()).toEqual([OLD, NEW, "previous", "stable"].sort());
  expect(host.linkOf(host.paths.previous)).toBe(OLD);
});

describe("a version on trial goes on", () => {
  beforeEach(async () => {
    host.publish({ version: NEW, counter: 2 });
    await untilTrial(await start());
  });
  const nothing: [string, () => Cycle][] = [
    ["without a reply", () => host.cycleWithoutServer()],
    ["while the server refuses it", () => host.cycle(undefined, { state: "blocked", result: undefined })],
    ["while another instance may own its key", () => withResult({ undecided: true })],
    ["while the server takes no inventory", () => withResult({ isTaken: false })],
    [
      "while it cannot collect what the earlier version could",
      () =>
        withResult({
          failed: [{ category: "packages", status: "failed" as const, reason: "no such table" }],
        }),
    ],
  ];
  const withResult = (more: object) => {
    const cycle = host.cycle(undefined);
    return { ...cycle, result: { ...cycle.result!, ...more } };
  };

  test.each(nothing)("%s", async (_, cycle) => {
    const updates = await start(NEW);
    for (let count = 0; count < 5; count++) await run(updates, cycle());
    expect(updates.ended.aborted).toBe(false);
    expect(host.linkOf(host.paths.stable)).toBe(OLD);
    await run(updates, host.cycle(undefined));
    expect(host.linkOf(host.paths.stable)).toBe(NEW);
  });

  test("while a command installs or removes the service", async () => {
    const updates = await start(NEW);
    const lock = lockInstallation(host.paths.stateDir);
    await run(updates, host.cycle(undefined));
    expect(host.linkOf(host.paths.stable)).toBe(OLD);
    lock[Symbol.dispose]();
    await run(updates, host.cycle(undefined));
    expect(host.linkOf(host.paths.stable)).toBe(NEW);
  });

  test("but not because of what the earlier version could not collect either", async () => {
    const failedCategories = [{ category: "packages", status: "failed" as const, reason: "no such table" }];
    const at = new Date().toISOString();
    const status = { state: "connected" as const, at, lastCheckInAt: at, problem: null, failedCategories };
    writeStatus(host.paths.stateDir, status);
    const updates = await start(NEW);
    await run(updates, withResult({ failed: failedCategories }));
    expect(updates.ended.aborted).toBe(true);
  });
});

describe("two trials without success skip a version that", () => {
  test.each([
    ["crashes", "exit 3", "it ended with exit code 3"],
    ["ends at once", "exit 0", "it ended with exit code 0"],
    ["is killed", "kill -9 $$", "SIGKILL ended it"],
  ])("%s", async (_, text, why) => {
    const once = await tryProgram(programText(NEW, text));
    expect(reported(once)).toEqual(["verified", why]);
    await untilTrial(once);
    await once.finish(never);
    const twice = await start();
    expect(reported(twice)).toEqual(["rolled-back", why]);
    expect(host.linkOf(host.paths.stable)).toBe(OLD);
    expect(readdirSync(host.paths.versions).sort()).toEqual([OLD, "stable"]);

    // The same offer changes nothing, an earlier attempt neither.
    host.requests.length = 0;
    await run(twice, host.cycle(OFFER));
    expect(reported(twice)).toEqual(["rolled-back", why]);
    expect(host.requests).toEqual([]);
  });
});

test("a skipped version is tried again with a higher attempt, and others at once", async () => {
  const failure = { version: NEW, attempt: 3, trials: 2, reason: "it hung" };
  writeUpdateRecord(host.paths.stateDir, { failures: [failure] });
  host.publish({ version: NEW, counter: 2 });
  host.pauses.ending = 2;
  const updates = await start();
  for (const attempt of [1, 3]) {
    await run(updates, host.cycle({ version: NEW, attempt }));
    expect(reported(updates)).toEqual(["skipped", "it failed on this host: it hung"]);
  }
  await untilTrial(updates, { version: NEW, attempt: 4 });
  expect(record().trial).toMatchObject({ version: NEW, attempt: 4 });

  host.publish({ version: "2027.1.0", counter: 3 });
  writeUpdateRecord(host.paths.stateDir, { failures: [failure] });
  await untilTrial(await start(), { version: "2027.1.0", attempt: 1 });
});

describe("a trial whose time was over", () => {
  async function afterTimeout(): Promise<Updates> {
    host.publish({ version: NEW, counter: 2, text: programText(NEW, "exec tail -f /dev/null") });
    const updates = await openUpdates({ ...host.options(), longestTrialMs: 300 });
    await untilTrial(updates);
    await updates.finish(never);
    expect(record().trial?.ended?.counts).toBe("if-stable-connects");
    return await start();
  }

  test("counts if the earlier version connects", async () => {
    const updates = await afterTimeout();
    expect(reported(updates)).toEqual(["trial", undefined]);
    await run(updates, host.cycleWithoutServer());
    expect(record().trial).toBeDefined();
    await run(updates, host.cycle(undefined));
    expect(record().failures).toMatchObject([{ version: NEW, trials: 1 }]);
    expect(record().failures[0]!.reason).toBe(
      `no check-in and inventory of it were accepted in time, and ${OLD} can connect`,
    );
  });

  test("counts for nothing if the earlier version does not connect either", async () => {
    let updates = await afterTimeout();
    await run(updates, host.cycleWithoutServer());
    // A restart begins again.
    host.pauses.ending = 2;
    updates = await start();
    for (let count = 0; count < 3; count++) await run(updates, host.cycleWithoutServer());
    expect(record()).toMatchObject({ failures: [], attempt: { state: "verified" } });
    expect(record().trial).toBeUndefined();
    await untilTrial(updates);
  });
});

test("the last problem of a version on trial is part of the reason", async () => {
  host.publish({ version: NEW, counter: 2, text: programText(NEW, "exit 1") });
  const updates = await start();
  await untilTrial(updates);
  const at = new Date(Date.now() + 1_000).toISOString();
  const state = "wrong-server" as const;
  const status = { state, at, lastCheckInAt: null, problem: "another key", failedCategories: [] };
  writeStatus(host.paths.stateDir, status);
  await updates.finish(never);
  expect(reported(await start())[1]).toBe("it ended with exit code 1; its last problem: another key");
});

describe("a power failure", () => {
  const recordOf = (more: Partial<UpdateRecord>) =>
    writeUpdateRecord(host.paths.stateDir, { failures: [], ...more });
  const trial = { version: NEW, attempt: 1, counter: 2, from: OLD, bootId: "another", by: "unit" as const };

  test("during a trial counts once", async () => {
    recordOf({ trial });
    const updates = await start();
    expect(record()).toMatchObject({ failures: [{ version: NEW, trials: 1 }] });
    expect(record().trial).toBeUndefined();
    expect(record().attempt?.reason).toBe("the host restarted during the trial");
    expect(updates.ended.aborted).toBe(false);
  });

  test("before the record of a trial is written leaves only a link, which goes", async () => {
    mkdirSync(join(host.paths.versions, NEW));
    symlinkSync(NEW, host.paths.trial!);
    await start();
    expect(readdirSync(host.paths.versions).sort()).toEqual([OLD, "stable"]);
  });

  test("after the link of the stable version changed completes the update", async () => {
    host.publish({ version: NEW, counter: 2 });
    await untilTrial(await start());
    promote(host.paths, NEW);
    const updates = await start(NEW);
    expect(reported(updates)).toEqual(["done", undefined]);
    expect(record().accepted).toEqual({ version: NEW, counter: 2 });
  });

  test("during a download lets it continue", async () => {
    host.publish({ version: NEW, counter: 2 });
    const attempt = { version: NEW, attempt: 1, state: "downloading" as const, at: new Date().toISOString() };
    recordOf({ attempt });
    mkdirSync(join(host.paths.versions, NEW));
    writeFileSync(`${programOf(host.paths, NEW)}.part`, programText(NEW).slice(0, 40));
    await untilTrial(await start());
    expect(host.requests.at(-1)?.range).toBe("bytes=40-");
  });
});

describe("another version that an operator installs", () => {
  const OTHER = "2026.11.5";
  function install(): void {
    mkdirSync(join(host.paths.versions, OTHER), { recursive: true });
    writeFileSync(programOf(host.paths, OTHER), programText(OTHER), { mode: 0o755 });
    promote(host.paths, OTHER);
  }

  test("during a trial stays, and the trial counts for nothing", async () => {
    host.publish({ version: NEW, counter: 2 });
    await untilTrial(await start());
    const onTrial = await start(NEW);
    install();
    await run(onTrial, host.cycle(undefined));
    expect(host.linkOf(host.paths.stable)).toBe(OTHER);
    const installed = await start(OTHER);
    expect(reported(installed)).toEqual([undefined, undefined]);
    expect(record()).toMatchObject({ failures: [] });
    expect(record().trial).toBeUndefined();
  });

  test("before a trial begins prevents it", async () => {
    host.publish({ version: NEW, counter: 2 });
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await waitFor(updates, "verified");
    install();
    for (let count = 0; count < 2; count++) await run(updates, host.cycle(OFFER));
    expect(updates.ended.aborted).toBe(false);
    expect(record().trial).toBeUndefined();
  });

  test("has no counter of an update", async () => {
    writeUpdateRecord(host.paths.stateDir, { accepted: { version: OLD, counter: 90 }, failures: [] });
    install();
    host.publish({ version: NEW, counter: 2 });
    await untilTrial(await start(OTHER));
  });
});

describe("the offer", () => {
  test("of the running version is none", async () => {
    const updates = await start();
    await run(updates, host.cycle({ version: OLD, attempt: 9 }));
    expect(reported(updates)).toEqual([undefined, undefined]);
    expect(host.requests).toEqual([]);
  });

  test("that is withdrawn stops the download, and one that is lost with the reply does not", async () => {
    host.publish({ version: NEW, counter: 2 });
    host.pauses.ending = 0;
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await run(updates, host.cycleWithoutServer());
    expect(reported(updates)).toEqual(["downloading", undefined]);
    await run(updates, host.cycle(undefined));
    expect(reported(updates)).toEqual([undefined, undefined]);
    expect(host.requests).toEqual([]);
    host.pauses.ending = 2;
    await untilTrial(updates);
  });

  test("that is withdrawn after the download prevents the trial", async () => {
    host.publish({ version: NEW, counter: 2 });
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await waitFor(updates, "verified");
    await run(updates, host.cycle(undefined));
    expect(updates.ended.aborted).toBe(false);
    expect(reported(updates)).toEqual([undefined, undefined]);
  });

  test("of another version replaces the first one", async () => {
    host.publish({ version: NEW, counter: 2 });
    host.publish({ version: "2027.1.0", counter: 3 });
    host.pauses.ending = 2;
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await waitFor(updates, "verified");
    await untilTrial(updates, { version: "2027.1.0", attempt: 1 });
    expect(record().trial?.version).toBe("2027.1.0");
  });

  test("is followed after a pause that differs between hosts", async () => {
    host.pauses.ending = 0;
    const updates = await openUpdates({ ...host.options(), random: () => 0.5 });
    await run(updates, host.cycle(OFFER));
    expect(host.pauses.lengths).toEqual([1.5 * INTERVAL_MS]);
  });
});

describe("what fails before a trial", () => {
  test("waits as long as the server asks, and keeps the state", async () => {
    host.publish({ version: NEW, counter: 2 });
    host.next.push(() => new Response("", { status: 429, headers: { "retry-after": "90" } }));
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await waitUntil("it pauses", () => host.pauses.lengths.length === 2);
    expect(host.pauses.lengths[1]).toBeGreaterThanOrEqual(90_000);
    expect(reported(updates)[0]).toBe("downloading");
    expect(record().failures).toEqual([]);
  });

  test("because of the release waits an hour, unless there is another offer", async () => {
    host.publish({ version: NEW, counter: 2, text: programText(NEW, "", { version: "1" }) });
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await waitFor(updates, "failed");
    expect(host.pauses.lengths[1]).toBeGreaterThanOrEqual(50 * 60_000);
    await run(updates, host.cycle(OFFER));
    await run(updates, host.cycle(undefined));
    expect(reported(updates)).toEqual(["failed", `the new program is not attacklens-sensor ${NEW}`]);

    host.pauses.ending = 4;
    host.publish({ version: "2027.1.0", counter: 3 });
    await untilTrial(updates, { version: "2027.1.0", attempt: 1 });
  });

  test("is a program that was removed meanwhile", async () => {
    host.publish({ version: NEW, counter: 2 });
    host.pauses.ending = 9;
    const updates = await start();
    await run(updates, host.cycle(OFFER));
    await waitFor(updates, "verified");
    rmSync(join(host.paths.versions, NEW), { recursive: true });
    for (let count = 0; count < 2; count++) await run(updates, host.cycle(OFFER));
    expect(updates.ended.aborted).toBe(false);
    await run(updates, host.cycle(OFFER));
    await waitUntil("it is there again", () => existsSync(programOf(host.paths, NEW)));
  });
});

test("a stop of the service during a trial ends both, and counts for nothing", async () => {
  host.publish({
    version: NEW,
    counter: 2,
    text: programText(NEW, "exec tail -f /dev/null"),
  });
  const updates = await start();
  await untilTrial(updates);
  const stop = new AbortController();
  const finished = updates.finish(stop.signal);
  stop.abort();
  await finished;
  expect(reported(await start())[0]).toBe("verified");
  expect(record().failures).toEqual([]);
});

test.each([
  ["is damaged", "{"],
  ["has another form", JSON.stringify({ failures: 1, trial: "x" })],
  ["is huge", JSON.stringify({ failures: [], note: "x".repeat(100_000) })],
])("a record that %s is replaced", async (_, text) => {
  mkdirSync(host.paths.stateDir, { recursive: true });
  writeFileSync(join(host.paths.stateDir, "updates.json"), text);
  host.publish({ version: NEW, counter: 2 });
  await untilTrial(await start());
  expect(record().trial?.version).toBe(NEW);
});

test("a record of a later build is read, without what this build does not have", async () => {
  const later = { failures: [], accepted: { version: OLD, counter: 4, signer: "x" }, plan: [] };
  writeFileSync(join(host.paths.stateDir, "updates.json"), JSON.stringify(later));
  await start();
  expect(record().accepted).toEqual({ version: OLD, counter: 4 });
});

test("a disk that is full stops no report", async () => {
  host.publish({ version: NEW, counter: 2 });
  mkdirSync(join(host.paths.stateDir, "updates.json"));
  const updates = await start();
  await run(updates, host.cycle(OFFER));
  await waitFor(updates, "verified");
  for (let count = 0; count < 2; count++) await run(updates, host.cycle(OFFER));
  expect(reported(updates)).toEqual(["failed", expect.stringContaining("the trial cannot begin")]);
  expect(updates.ended.aborted).toBe(false);
  expect(readFileSync(programOf(host.paths, OLD), "utf8")).toBe(programText(OLD));
});
