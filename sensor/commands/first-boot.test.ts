// `run`, `status`, `enroll` and `unenroll` on a host with a sealed token, as users see them. This machine is
// the template or a clone of it, as each test says.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { collectHostFacts } from "../collectors/collect.ts";
import { findEnrolledIdentity } from "../state/identity.ts";
import { machineIdsOf, type SealedToken, sealedTokenPath, writeSealedToken } from "../state/sealed-token.ts";
import { readStatus, removeStatus } from "../state/status-file.ts";
import {
  AS_OTHER,
  CAN_BE_OTHER,
  COMMANDS_TIMEOUT_MS,
  filesHoldingToken,
  makeFolder,
  readBuild,
  runCommandLine,
  startCommand,
  TOKEN,
} from "../testing/test-command.ts";
import { problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const SEALED_AT = "2026-11-26T00:00:00.000Z";
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

const thisMachine = async () => machineIdsOf(await collectHostFacts());

function seal(template: SealedToken["template"]): void {
  const made = { server: server.url, token: TOKEN, sealedAt: SEALED_AT };
  writeSealedToken(state, { ...made, template, ignoresMachineId: false });
}

/** Runs the sensor until the condition holds, and returns its log without the times. */
async function runUntil(what: string, see: () => boolean): Promise<string[]> {
  const sensor = startCommand(["run", "--state", state]);
  const log = new Response(sensor.stderr).text();
  await waitUntil(what, see);
  sensor.kill("SIGTERM");
  expect(await sensor.exited).toBe(0);
  return (await log)
    .trim()
    .split("\n")
    .map((line) => line.slice(line.indexOf(" ") + 1));
}

const status = (...more: string[]) => runCommandLine(["status", "--state", state, ...more]);
/** The cycle has ended, so that stopping the sensor cuts no request. */
const hasReported = () => readStatus(state)?.state === "connected";

test("a clone enrolls, deletes the sealed token, and reports", async () => {
  seal({ ...(await thisMachine()), machineId: "0123456789abcdef0123456789abcdef" });
  const log = await runUntil("the clone has reported", hasReported);
  expect(log[0]).toMatch(/^enrolled \S+ as sen_/);
  expect(log).toContain(`reporting to ${server.url} as ${SENSOR_ID}`);
  expect(log.join("\n")).not.toContain(TOKEN);
  expect(readdirSync(state)).toContain("identity.json");
  expect(filesHoldingToken(state)).toEqual([]);
  expect(existsSync(sealedTokenPath(state))).toBe(false);
});

test("the template waits, and status says what to do", async () => {
  seal(await thisMachine());
  const log = await runUntil("the template waits", () => existsSync(join(state, "run.lock")));
  expect(log.at(-1)).toBe("stopped");
  expect(server.received).toEqual([]);
  const { exitCode, stdout, stderr } = await status();
  expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: "" });
  expect(stdout).toBe(
    [
      "State          image template",
      `Server         ${server.url}`,
      `Image          sealed ${SEALED_AT}`,
      `Version        ${(await readBuild()).shown}`,
      "Updates        by hand",
      `State folder   ${state}`,
      "Next step      shut this host down and make the image; its clones enroll on their first boot. To enroll this host instead, run attacklens-sensor install with a token",
      "",
    ].join("\n"),
  );
});

test("a clone with a refused token keeps it, and status has the reason and the next step", async () => {
  seal(null);
  server.next.push(problem("token-expired", { detail: "the token expired" }));
  const log = await runUntil("the attempt is recorded", () => existsSync(join(state, "first-boot.json")));
  expect(log[0]).toMatch(
    /^Cannot enroll sensor: the token expired \(request req-1\); next attempt in \d+ s$/,
  );
  const { exitCode, stdout } = await status();
  expect(exitCode).toBe(3);
  expect(stdout).toMatch(/^State +first boot$/m);
  expect(stdout).toMatch(/^Problem +Cannot enroll sensor: the token expired \(request req-1\)$/m);
  expect(stdout).toMatch(
    /^Next step +create a new token under Sensors > Enrollment Tokens; the sensor tries again automatically$/m,
  );
  const json = JSON.parse((await status("--json")).stdout);
  expect(json).toMatchObject({ state: "first-boot", server: server.url, imageSealedAt: SEALED_AT });
  expect(JSON.stringify(json)).not.toContain(TOKEN);
  expect(filesHoldingToken(state)).toEqual([sealedTokenPath(state)]);
});

test("enroll with another token replaces the sealed one, and unenroll leaves none", async () => {
  seal(null);
  const other = formatTokenValue(crypto.getRandomValues(new Uint8Array(32)));
  const args = ["enroll", "--server", server.url, "--state", state, "--token", "-"];
  expect(await runCommandLine(args, { stdin: other })).toMatchObject({ exitCode: 0, stderr: "" });
  expect(server.received.at(-1)?.token).toBe(other);
  expect(existsSync(sealedTokenPath(state))).toBe(false);
  // A kill before the sealed token was deleted.
  seal(null);
  expect(await runCommandLine(["unenroll", "--state", state])).toMatchObject({ exitCode: 0, stderr: "" });
  expect(readdirSync(state)).toEqual([]);
});

test("a clone that was killed after its enrollment deletes the sealed token and reports", async () => {
  seal(null);
  await runUntil("the clone has reported", hasReported);
  const { sensorId } = findEnrolledIdentity(state)!;
  seal(null);
  removeStatus(state);
  server.received.length = 0;
  const log = await runUntil("the clone has reported again", hasReported);
  expect(log[0]).toBe(`reporting to ${server.url} as ${sensorId}`);
  expect(existsSync(sealedTokenPath(state))).toBe(false);
  expect(server.received.some(({ path }) => path === "/sensor/v1/enroll")).toBe(false);
});

test("run --once does not wait for a first boot", async () => {
  seal(null);
  const { exitCode, stderr } = await runCommandLine(["run", "--once", "--state", state]);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 5,
    stderr: expect.stringContaining(`Cannot run sensor: there is no identity in ${state}\n`),
  });
  expect(server.received).toEqual([]);
});

test.skipIf(process.getuid?.() !== 0)(
  "root refuses a sealed token that another user could replace",
  async () => {
    seal(null);
    chmodSync(sealedTokenPath(state), 0o666);
    const { exitCode, stderr } = await runCommandLine(["run", "--state", state]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain(`${sealedTokenPath(state)}: every user may write to it`);
  },
);

test.skipIf(!CAN_BE_OTHER)("prepare-image needs root, and shows its options", async () => {
  const help = await runCommandLine(["prepare-image", "--help"]);
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  expect(help.stdout).toContain("attacklens-sensor prepare-image --server URL");
  const unknown = await runCommandLine(["prepare-image", "--replace"]);
  expect(unknown).toMatchObject({ exitCode: 2 });
  const { exitCode, stderr } = await runCommandLine(["prepare-image", "--server", server.url], {
    through: AS_OTHER,
  });
  expect(exitCode).toBe(14);
  expect(stderr).toContain("Cannot install the service: this needs root\nhint: ");
});
