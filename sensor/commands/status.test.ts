// Commands that use only local files, and usage errors.
import { describe, expect, test } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { identityPath, makeIdentity, writeIdentity } from "../state/identity.ts";
import { lockStateDir } from "../state/run-lock.ts";
import { writeStatus } from "../state/write-status.ts";
import { makeFolder, runCommandLine, USAGE_HINT } from "../testing/test-command.ts";

describe("status", () => {
  const at = "2026-11-24T09:01:00.000Z";
  const soon = () => new Date(Date.now() + 60_000).toISOString();

  /** The state folder of a sensor whose last cycle was fine. */
  function makeState(overdueAt?: string) {
    const folder = makeFolder();
    const identity = { ...makeIdentity("http://127.0.0.1:9"), state: "enrolled" as const };
    const sensorId = "sen_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";
    writeIdentity(folder.path, { ...identity, sensorId, enrolledAt: "2026-11-24T09:00:00.000Z" });
    const connected = {
      state: "connected" as const,
      at,
      lastCheckInAt: at,
      problem: null,
      failedCategories: [],
    };
    writeStatus(folder.path, { ...connected, ...(overdueAt === undefined ? {} : { overdueAt }) });
    return folder;
  }
  const show = (path: string) => runCommandLine(["status", "--state", path]);

  test("shows that a sensor runs, and that an overdue one does no cycles", async () => {
    using folder = makeState(soon());
    using _ = lockStateDir(folder.path);
    expect(await show(folder.path)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^State +connected\n/),
    });
    using overdue = makeState("2026-11-24T09:03:00.000Z");
    using _lock = lockStateDir(overdue.path);
    const { exitCode, stdout } = await show(overdue.path);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^State +not running\n/);
    expect(stdout).toContain(`no cycle since ${at}, although attacklens-sensor run is running`);
  });

  test("shows at once that a killed sensor does not run", async () => {
    using folder = makeState(soon());
    const lock = `import { lockStateDir } from ${JSON.stringify(join(import.meta.dir, "../state/run-lock.ts"))};`;
    const hold = `${lock} using _ = lockStateDir(process.argv.at(-1)); console.log("held"); await Bun.stdin.text();`;
    const sensor = Bun.spawn([process.execPath, "-e", hold, folder.path], { stdin: "pipe", stdout: "pipe" });
    await sensor.stdout.getReader().read();
    expect((await show(folder.path)).exitCode).toBe(0);
    sensor.kill("SIGKILL");
    await sensor.exited;
    const { exitCode, stdout } = await show(folder.path);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^State +not running\n/);
    expect(stdout).toContain(`attacklens-sensor run is not running; its last cycle was at ${at}`);
    expect(stdout).toMatch(/Next step +run attacklens-sensor run/);
  });

  test("shows the result of a sensor that ran once", async () => {
    using folder = makeState();
    expect(await show(folder.path)).toMatchObject({ exitCode: 0 });
  });
});

test("rejects two tokens", async () => {
  const { exitCode, stderr } = await runCommandLine([
    "enroll",
    "--server",
    "https://a",
    "--token",
    "a",
    "--token",
    "b",
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toBe(`attacklens-sensor: --token was given more than once\n${USAGE_HINT}`);
});

test("run restricts access to an identity that other users can read, and reports it", async () => {
  using folder = makeFolder();
  const identity = { ...makeIdentity("http://127.0.0.1:9"), state: "enrolled" as const };
  const sensorId = "sen_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";
  writeIdentity(folder.path, { ...identity, sensorId, enrolledAt: "2026-11-24T09:00:00.000Z" });
  chmodSync(identityPath(folder.path), 0o644);
  const { stderr } = await runCommandLine(["run", "--once", "--state", folder.path]);
  expect(stderr).toContain("other users could read the key in");
  expect(statSync(identityPath(folder.path)).mode & 0o777).toBe(0o600);
});
