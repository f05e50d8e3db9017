// `run`, `status` and `collect` as users see them, on this machine and against a server that verifies every
// request.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { countSpooledReports, reportName } from "../reporting/spool-files.ts";
import { identityPath, keyFingerprint, makeIdentity, writeIdentity } from "../state/identity.ts";
import { writeStatus } from "../state/write-status.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
import {
  COMMANDS_TIMEOUT_MS,
  makeEmptyHost,
  makeFolder,
  makePipe,
  readBuild,
  runCommandLine,
  startCommand,
} from "../testing/test-command.ts";
import { addressOfNoServer, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const ENROLLED_AT = "2026-11-24T09:30:00.000Z";
let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let state: string;
beforeEach(async () => {
  server = await startTestServer();
  folder = makeFolder();
  state = join(folder.path, "state");
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.received.filter(({ signatureError }) => signatureError)).toEqual([]);
  folder[Symbol.dispose]();
});

function enrollWith(url = server.url) {
  const identity = makeIdentity(url);
  server.world.publicKey = identity.publicKey;
  writeIdentity(state, { ...identity, state: "enrolled", sensorId: SENSOR_ID, enrolledAt: ENROLLED_AT });
  return keyFingerprint(identity.publicKey);
}
const emptyHost = () => ["--root", makeEmptyHost(folder.path)];
const run = (...more: string[]) =>
  runCommandLine(["run", "--once", "--state", state, ...emptyHost(), ...more]);
const status = (...more: string[]) => runCommandLine(["status", "--state", state, ...more]);

async function statusText(rows: [string, string][], nextStep?: string): Promise<string> {
  const { shown } = await readBuild();
  const all = [...rows, ["Version", shown], ["Updates", "by hand"], ["State folder", state]] as [
    string,
    string,
  ][];
  if (nextStep) all.push(["Next step", nextStep]);
  return all.map(([name, value]) => `${name.padEnd(14)} ${value}\n`).join("");
}

test("before enrollment, run prints a hint, and status shows that the host is not enrolled", async () => {
  expect(await run()).toEqual({
    exitCode: 5,
    stdout: "",
    stderr:
      `attacklens-sensor: Cannot run sensor: there is no identity in ${state}\n` +
      "hint: run attacklens-sensor enroll --server URL --token-file FILE with the same --state\n",
  });
  expect(await status()).toEqual({
    exitCode: 5,
    stdout: await statusText(
      [["State", "not enrolled"]],
      "run attacklens-sensor install, or attacklens-sensor enroll, with a token",
    ),
    stderr: "",
  });
  expect(existsSync(state)).toBe(false);
});

test("run and status report an incomplete enrollment", async () => {
  writeIdentity(state, makeIdentity(server.url));
  expect(await run()).toMatchObject({
    exitCode: 5,
    stdout: "",
    stderr: expect.stringContaining("Cannot run sensor: enrollment is incomplete\nhint: "),
  });
  const rows: [string, string][] = [
    ["State", "enrolling"],
    ["Server", server.url],
  ];
  expect(await status()).toEqual({
    exitCode: 5,
    stdout: await statusText(rows, "run the same enroll or install command again"),
    stderr: "",
  });
});

test("run and status report a damaged identity and do not change the file", async () => {
  mkdirSync(state);
  writeFileSync(identityPath(state), "{");
  const expected = {
    exitCode: 5,
    stdout: "",
    stderr:
      `attacklens-sensor: Cannot use the identity in ${identityPath(state)}: the file is damaged; it was not changed\n` +
      "hint: restore it from a backup, or move it away and enroll again with a token\n",
  };
  expect(await run()).toEqual(expected);
  expect(await status()).toEqual(expected);
  expect(await status("--json")).toEqual(expected);
  expect(readFileSync(identityPath(state), "utf8")).toBe("{");
  expect(readdirSync(state)).toEqual(["identity.json"]);
});

test("run --once reports this machine, then only changes; status shows the result", async () => {
  enrollWith();
  const identity = readFileSync(identityPath(state), "utf8");
  const first = await run("--root", "/");
  expect(first).toMatchObject({ exitCode: 0, stderr: "" });
  expect(first.stdout).toMatch(/^checked in; sent (\w+, )*system(,|;|\n)/);
  expect(server.received[0]?.path).toBe("/sensor/v1/check-in");
  expect(Object.keys(server.received[0]?.body.inventory)).toEqual([...CATEGORIES]);

  server.world.wanted = [];
  expect((await run("--root", "/")).stdout).toMatch(/^checked in; no changes(;|\n)/);
  const nonces = server.received.map(({ nonce }) => nonce);
  expect(nonces).toEqual([...new Set(nonces)].sort((left, right) => left - right));

  const { exitCode, stdout } = await status();
  expect(exitCode).toBe(0);
  expect(stdout).toStartWith(`State          connected\nServer         ${server.url}\n`);
  expect(stdout).toMatch(/^Last check-in {2}2\d{3}-\S+Z$/m);
  expect(readFileSync(identityPath(state), "utf8")).toBe(identity);
  expect(statSync(join(state, "status.json")).mode & 0o777).toBe(0o600);
  expect(readdirSync(state).sort()).toEqual(["identity.json", "status.json"]);
});

test("run --once without a server spools the report; status shows the reason", async () => {
  const url = await addressOfNoServer();
  const fingerprint = enrollWith(url);
  expect(await run()).toEqual({
    exitCode: 4,
    stdout: "",
    stderr:
      `attacklens-sensor: Cannot report to ${url}: connection refused\n` +
      "hint: the report is spooled and will be delivered when the server accepts it\n",
  });
  const rows: [string, string][] = [
    ["State", "server unreachable"],
    ["Server", url],
    ["Sensor", SENSOR_ID],
    ["Fingerprint", fingerprint],
    ["Enrolled", ENROLLED_AT],
    ["Problem", "connection refused"],
  ];
  const { waiting, since } = countSpooledReports(state);
  expect(waiting).toBe(1);
  rows.push(["Waiting", `1 report since ${since}`]);
  expect(await status()).toEqual({
    exitCode: 4,
    stdout: await statusText(rows, "the report is spooled and will be delivered when the server accepts it"),
    stderr: "",
  });

  // Another run spools a second report only if something has changed.
  await run();
  const { spool } = JSON.parse((await status("--json")).stdout);
  expect(spool).toMatchObject({ since, dropped: null });
  expect(spool.waiting).toBeLessThanOrEqual(2);
});

test("status shows how many reports are spooled and dropped, and since when", async () => {
  enrollWith();
  mkdirSync(join(state, "reports"));
  for (const name of [reportName(8, "2026-11-24T10:00:00.000Z"), reportName(9, "2026-11-24T09:59:00.000Z")])
    writeFileSync(join(state, "reports", name), "{}");
  const dropped = { count: 7, since: "2026-11-24T09:40:00.000Z" };
  writeFileSync(join(state, "reports/dropped.json"), JSON.stringify(dropped));
  const { stdout } = await status();
  expect(stdout).toContain("Waiting        2 reports since 2026-11-24T10:00:00.000Z\n");
  expect(stdout).toContain(
    "Dropped        7 reports since 2026-11-24T09:40:00.000Z, because the spool was full\n",
  );
  const spool = { waiting: 2, since: "2026-11-24T10:00:00.000Z", dropped };
  expect(JSON.parse((await status("--json")).stdout)).toMatchObject({ spool });
});

test("run --once keeps the key if the sensor is unknown to the server", async () => {
  enrollWith();
  const identity = readFileSync(identityPath(state), "utf8");
  server.next.push(problem("sensor-unknown"));
  expect(await run()).toEqual({
    exitCode: 9,
    stdout: "",
    stderr:
      `attacklens-sensor: Cannot report to ${server.url}: Unknown sensor\n` +
      `hint: the key was kept; to enroll this host as a new sensor, run attacklens-sensor enroll with a token and --replace\n`,
  });
  expect(readFileSync(identityPath(state), "utf8")).toBe(identity);
  expect((await status()).exitCode).toBe(9);
});

test("run continues until it is stopped, and then exits with 0", async () => {
  enrollWith();
  const command = startCommand(["run", "--state", state, ...emptyHost()]);
  const log = command.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = "";
  const readMore = async () => {
    const { value, done } = await log.next();
    text += value ?? "";
    return !done;
  };
  while (!/checked in; sent .*; next in \d+ s\n/.test(text))
    if (!(await readMore())) throw new Error(`ended with ${text}`);
  expect(text).toContain(` reporting to ${server.url} as ${SENSOR_ID}\n`);
  command.kill("SIGTERM");
  expect(await command.exited).toBe(0);
  while (await readMore());
  expect(text).toMatch(/\n2\S+Z stopped\n$/);
  expect(await new Response(command.stdout).text()).toBe("");
});

test.skipIf(process.platform === "win32")(
  "run continues and can be stopped while its log is a full pipe without a reader",
  async () => {
    enrollWith();
    server.world.checkInReply = { checkInIntervalSeconds: 1 };
    const pipe = join(folder.path, "log");
    makePipe(pipe);
    // Keeps both ends open and fills the pipe.
    const fill = `exec 3<>"$0"; for size in 4096 1; do
      dd if=/dev/zero of="$0" bs=$size count=70000 oflag=nonblock 2>/dev/null
    done; exec "$@" 2>"$0"`;
    const command = startCommand(["run", "--state", state, ...emptyHost()], {
      through: ["sh", "-c", fill, pipe],
    });
    const checkIns = () => server.received.filter(({ path }) => path.endsWith("/check-in")).length;
    await waitUntil("it has checked in three times", () => checkIns() >= 3);
    command.kill("SIGTERM");
    expect(await command.exited).toBe(0);
  },
);

test("status --json has all fields for scripts, and never the key", async () => {
  const fingerprint = enrollWith();
  const { commit, target } = await readBuild();
  const enrolled = {
    version: RELEASE,
    stateDir: state,
    server: server.url,
    sensorId: SENSOR_ID,
    fingerprint,
    spool: { waiting: 0, since: null, dropped: null },
    commit,
    updates: { method: "manual", target },
  };
  const never = await status("--json");
  expect(JSON.parse(never.stdout)).toEqual({
    ...enrolled,
    state: "never-run",
    enrolledAt: ENROLLED_AT,
    nextStep: "run attacklens-sensor run",
  });
  expect(never).toMatchObject({ exitCode: 0, stderr: "" });

  const last = {
    lastCheckInAt: null,
    problem: "The signature does not match the request",
    failedCategories: [{ category: "ports", status: "failed" as const, reason: "no /proc" }],
    switchedOff: ["users"],
  };
  writeStatus(state, { state: "refused", at: ENROLLED_AT, ...last });
  const refused = await status("--json");
  expect(JSON.parse(refused.stdout)).toEqual({
    ...enrolled,
    ...last,
    state: "refused",
    enrolledAt: ENROLLED_AT,
  });
  expect(refused.exitCode).toBe(6);
  const shown = (await status()).stdout;
  expect(shown).toContain("No ports       failed: no /proc\n");
  expect(shown).toContain("Switched off   users, by the host's owner\n");
  expect(server.received).toEqual([]);
});

test("ignores a damaged status file", async () => {
  enrollWith();
  writeFileSync(join(state, "status.json"), "{");
  expect(JSON.parse((await status("--json")).stdout)).toMatchObject({ state: "never-run" });
});

/** On a busy machine, all of its categories can take longer than the sensor allows. */
const SMALL_COLLECT = ["collect", "--category", "system"];

test.skipIf(!existsSync("/dev/full"))("collect reports a full disk", async () => {
  expect(await runCommandLine(SMALL_COLLECT, { through: ["sh", "-c", '"$@" > /dev/full', "sh"] })).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "attacklens-sensor: Cannot print the inventory: no space left on the device\n",
  });
});

test.skipIf(process.platform === "win32")("collect exits with 0 if its reader closes the pipe", async () => {
  const through = ["sh", "-c", '{ "$@"; echo "exit $?" >&2; } | head -c 1', "sh"];
  expect(await runCommandLine(SMALL_COLLECT, { through })).toEqual({
    exitCode: 0,
    stdout: "{",
    stderr: "exit 0\n",
  });
});

test("collect prints the inventory as JSON, and sends and saves nothing", async () => {
  using host = makeRoot("-- /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\n-- /etc/group\nroot:x:0:\n");
  const { exitCode, stdout, stderr } = await runCommandLine(["collect", "--root", host.root], {
    environment: { ATTACKLENS_STATE: state },
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(Object.keys(JSON.parse(stdout))).toEqual([...CATEGORIES]);
  expect(server.received).toEqual([]);
  expect(existsSync(state)).toBe(false);
});
