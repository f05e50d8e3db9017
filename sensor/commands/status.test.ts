// Commands that use only local files, and usage errors.
import { expect, test } from "bun:test";
import { chmodSync, statSync } from "node:fs";
import { identityPath, makeIdentity, writeIdentity } from "../state/identity.ts";
import { writeStatus } from "../state/status-file.ts";
import { makeFolder, runCommandLine, USAGE_HINT } from "../testing/test-command.ts";

test("status shows that an overdue sensor is not running", async () => {
  using folder = makeFolder();
  const identity = { ...makeIdentity("http://127.0.0.1:9"), state: "enrolled" as const };
  const sensorId = "sen_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f";
  writeIdentity(folder.path, { ...identity, sensorId, enrolledAt: "2026-11-24T09:00:00.000Z" });
  const at = "2026-11-24T09:01:00.000Z";
  const connected = {
    state: "connected" as const,
    at,
    lastCheckInAt: at,
    problem: null,
    failedCategories: [],
  };
  const soon = new Date(Date.now() + 60_000).toISOString();
  writeStatus(folder.path, { ...connected, overdueAt: soon });
  expect((await runCommandLine(["status", "--state", folder.path])).exitCode).toBe(0);
  writeStatus(folder.path, { ...connected, overdueAt: "2026-11-24T09:03:00.000Z" });
  const { exitCode, stdout } = await runCommandLine(["status", "--state", folder.path]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^State +not running\n/);
  expect(stdout).toContain(`no cycle since ${at}: attacklens-sensor run is not running`);
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
