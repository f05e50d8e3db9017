import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reportName } from "../reporting/spool-files.ts";
import type { SensorStatusFile } from "../state/status-file.ts";
import { writeStatus } from "../state/write-status.ts";
import { makeFolder } from "../testing/test-command.ts";
import { waitForFirstInventory } from "./first-inventory.ts";
import type { ServiceManager, ServiceState } from "./service-state.ts";
import { systemd } from "./systemd.ts";

const NOW = new Date();
const CONNECTED: SensorStatusFile = {
  state: "connected",
  at: NOW.toISOString(),
  overdueAt: new Date(NOW.getTime() + 600_000).toISOString(),
  lastCheckInAt: NOW.toISOString(),
  problem: null,
  failedCategories: [],
};

/** A service manager whose service has this state. */
const managing = (state: Partial<ServiceState>): ServiceManager => ({
  ...systemd({ packaged: false }),
  readState: async () => ({ is: "running", startsAtBoot: true, ...state }),
});

function wait(status: Partial<SensorStatusFile> | undefined, state: Partial<ServiceState> = {}, sinceMs = 0) {
  const { signal } = new AbortController();
  const folder = makeFolder();
  if (status) writeStatus(folder.path, { ...CONNECTED, ...status });
  const options = { stateDir: folder.path, manager: managing(state), sinceMs, waitMs: 300, signal };
  return {
    folder: folder.path,
    result: () => waitForFirstInventory(options).finally(() => folder[Symbol.dispose]()),
  };
}

test("a check-in without a spooled report is an accepted inventory", async () => {
  expect(await wait({}).result()).toEqual({ is: "accepted" });
});

test("a report in the spool was not accepted yet", async () => {
  const { folder, result } = wait({});
  mkdirSync(join(folder, "reports"));
  writeFileSync(join(folder, "reports", reportName(1, NOW.toISOString())), "{}");
  await expect(result()).rejects.toMatchObject({
    exit: "service",
    message: expect.stringContaining("not accepted"),
  });
});

test("a result of an earlier service does not count", async () => {
  await expect(wait({}, {}, NOW.getTime() + 1).result()).rejects.toMatchObject({ exit: "service" });
  const overdue = { overdueAt: new Date(NOW.getTime() - 1).toISOString() };
  await expect(wait(overdue).result()).rejects.toMatchObject({ exit: "service" });
  await expect(wait(undefined).result()).rejects.toMatchObject({ exit: "service" });
});

test("a refusal ends the wait, and a server that is away only at its end", async () => {
  const blocked = { state: "blocked" as const, problem: "The sensor is blocked" };
  expect(await wait(blocked).result()).toEqual({ is: "refused", ...blocked });
  const away = { state: "server-unreachable" as const, problem: "connection refused" };
  expect(await wait(away).result()).toEqual({ is: "refused", ...away });
  expect(await wait({ state: "awaiting-approval", problem: "…" }).result()).toEqual({
    is: "awaiting-approval",
  });
});

test("a service that ended has no inventory, and its exit code says why", async () => {
  const ended = wait(undefined, { is: "restarting", exitCode: 5, lastEnd: "exit code 5" });
  await expect(ended.result()).rejects.toMatchObject({
    message: "Cannot install the service: the service ended (exit code 5)",
  });
  const unrunnable = wait(undefined, { is: "restarting", exitCode: 203, lastEnd: "exit code 203" });
  await expect(unrunnable.result()).rejects.toMatchObject({ message: expect.stringContaining("203/EXEC") });
});

test("Ctrl-C ends the wait", async () => {
  using folder = makeFolder();
  const options = { stateDir: folder.path, manager: managing({}), sinceMs: 0, waitMs: 600_000 };
  const result = waitForFirstInventory({ ...options, signal: AbortSignal.abort() });
  await expect(result).rejects.toMatchObject({ exit: "service" });
});
