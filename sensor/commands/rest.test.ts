import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { isQuietReply } from "../reporting/rest.ts";
import { environmentWithState, takePassedState } from "../settings.ts";
import { makeIdentity, writeIdentity } from "../state/identity.ts";
import { readStatus } from "../state/status-file.ts";
import { COMMANDS_TIMEOUT_MS, startCommand } from "../testing/test-command.ts";
import { SENSOR_ID, startTestServer } from "../testing/test-server.ts";

let folder: ReturnType<typeof openTemporaryFolder>;
let server: Awaited<ReturnType<typeof startTestServer>>;

beforeEach(async () => {
  folder = openTemporaryFolder("rest");
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function enrollHere(): string {
  const identity = makeIdentity(server.url);
  const enrolled = { sensorId: SENSOR_ID, enrolledAt: "2026-11-24T09:00:00.000Z" };
  writeIdentity(folder.path, { ...identity, ...enrolled, state: "enrolled" });
  server.world.publicKey = identity.publicKey;
  server.world.checkInReply = { checkInIntervalSeconds: 12 };
  return folder.path;
}

/** The signals that a process handles are the bits of a number (proc(5)). */
function handlesTermination(pid: number): boolean {
  const [, caught = "0"] = /^SigCgt:\s+([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (BigInt(`0x${caught}`) & (1n << BigInt(constants.signals.SIGTERM - 1))) !== 0n;
}

const isResting = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--at-rest");

test.skipIf(process.platform !== "linux")(
  "a sensor at rest waits where a signal wakes it, and says that it stopped",
  async () => {
    const command = startCommand(["run", "--state", enrollHere()]);
    await waitUntil("it rests", () => isResting(command.pid));
    expect(readFileSync(`/proc/${command.pid}/environ`, "utf8")).toContain("BUN_GC_TIMER_INTERVAL=");
    await waitUntil("it handles signals", () => handlesTermination(command.pid));
    command.kill("SIGTERM");
    expect(await command.exited).toBe(0);
    expect(await new Response(command.stderr).text()).toEndWith("stopped\n");
  },
  COMMANDS_TIMEOUT_MS,
);

test.skipIf(process.platform !== "linux")(
  "run rests in the same process, and is awake when the server wants something else",
  async () => {
    const state = enrollHere();
    const command = startCommand(["run", "--state", state]);
    const checkIns = () => server.received.filter(({ path }) => path.endsWith("/check-in"));
    await waitUntil("it rests", () => isResting(command.pid));
    const before = checkIns();
    const statusBefore = readStatus(state);

    await waitUntil("it checks in", () => checkIns().length > before.length);
    const [first, atRest] = [before.at(-1), checkIns().at(-1)];
    expect(atRest).toMatchObject({ instanceId: first?.instanceId, signatureError: undefined });
    expect(atRest?.body).toMatchObject({ inventory: { system: { status: "collected" } } });
    expect(atRest?.body).not.toHaveProperty("host");
    await waitUntil("the status is new", () => readStatus(state)?.at !== statusBefore?.at);
    expect(readStatus(state)).toMatchObject({ state: "connected", problem: null });

    server.world.checkInReply = { checkInIntervalSeconds: 1 };
    const count = checkIns().length;
    await waitUntil("it checks in each second", () => checkIns().length > count + 2);
    expect(isResting(command.pid)).toBe(false);
    command.kill("SIGTERM");
    expect(await command.exited).toBe(0);
  },
  COMMANDS_TIMEOUT_MS,
);

test("a reply that wants anything is not quiet", () => {
  const expected = { status: 200, checkInIntervalSeconds: 60, serverKey: "key", headers: {} };
  const quiet = {
    serverTime: "2026-11-24T09:30:00.000Z",
    checkInIntervalSeconds: 60,
    wanted: [],
    serverKey: "key",
  };
  expect(isQuietReply(quiet, expected)).toBe(true);
  expect(isQuietReply({ ...quiet, rotateKey: false, undecided: false }, expected)).toBe(true);
  for (const other of [
    { wanted: ["packages"] },
    { wanted: undefined },
    { wanted: {} },
    { checkInIntervalSeconds: 61 },
    { rotateKey: true },
    { undecided: true },
    { serverKey: "other" },
    { serverKey: undefined },
    { trustedCertificates: [] },
    { unknown: 1 },
  ])
    expect([other, isQuietReply({ ...quiet, ...other }, expected)]).toEqual([other, false]);
  for (const other of [null, [], "quiet", 1, {}]) expect(isQuietReply(other, expected)).toBe(false);
});

test("a state of any size passes through the environment, once", () => {
  const state = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => `/usr/lib/folder/file-${index}`));
  Object.assign(process.env, environmentWithState(state, false));
  expect(takePassedState()).toBe(state);
  expect(takePassedState()).toBeUndefined();
});
