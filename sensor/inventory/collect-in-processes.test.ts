import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { makeFolder } from "../testing/test-command.ts";
import { COLLECTION_LIMITS, collectInProcesses } from "./collect-in-processes.ts";
import type { Inventory } from "./cut-category.ts";
import { itemsOf } from "./items-of.ts";

const start = (file: string) => ({
  command: [process.execPath, join(import.meta.dir, "..", file)],
  environment: {},
});
const sensor = start("main.ts");
const misbehaving = start("testing/misbehaving-collector.ts");

test("collects every category, in one process", async () => {
  using host = makeRoot("-- /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\n-- /etc/group/x\n");
  const ended: string[] = [];
  const inventory = await collectInProcesses(CATEGORIES, {
    program: sensor,
    root: host.root,
    onResult: (category) => ended.push(category),
  });
  // On a slow machine, another process continues with the next ones.
  expect(ended.toSorted()).toEqual(CATEGORIES.toSorted());
  expect(inventory.services).toMatchObject({ status: "absent", reason: expect.stringContaining("systemd") });
  expect(inventory.users).toMatchObject({
    status: "failed",
    reason: "Cannot read /etc/group: it is a folder",
  });
  const system = itemsOf(inventory.system);
  expect(system).toMatchObject({ status: "collected", items: expect.any(Array) });
});

test.skipIf(process.platform !== "linux")(
  "a category that hangs, loops, crashes or takes all memory costs no other one",
  async () => {
    const limits = { ...COLLECTION_LIMITS, categoryMs: 3_000, totalMs: 20_000, slowMs: 200 };
    const categories = ["packages", "services", "ports", "users", "security", "system", "jobs"] as const;
    const inventory = await collectInProcesses(categories, { program: misbehaving, root: "/", limits });
    const durationMs = 3_000;
    expect(inventory as Inventory).toEqual({
      packages: { status: "too-slow", reason: "it took more than 3 seconds", durationMs },
      services: { status: "too-slow", reason: "it took more than 3 seconds", durationMs },
      ports: { status: "failed", reason: "it took more than 96 MB of memory" },
      users: {
        status: "failed",
        reason: "the collector ended unexpectedly (SIGSEGV)",
        durationMs: expect.any(Number),
      },
      security: { status: "absent", reason: "it is well" },
      system: {
        status: "failed",
        reason: "the collector ended unexpectedly (exit code 9)",
        durationMs: expect.any(Number),
      },
      jobs: {
        status: "failed",
        reason: "the collector's reply is damaged",
        durationMs: expect.any(Number),
      },
    });
  },
);

test("all categories together have a limit", async () => {
  const limits = { ...COLLECTION_LIMITS, totalMs: 1_000, slowMs: 10_000 };
  const categories = ["services", "packages", "security"] as const;
  const inventory = await collectInProcesses(categories, { program: misbehaving, root: "/", limits });
  expect(Object.values(inventory).map((result) => "reason" in result && result.reason)).toEqual([
    ...categories.map(() => "all categories together took more than 1 seconds"),
  ]);
});

test("the signal ends a hanging collector", async () => {
  const stop = new AbortController();
  const collecting = collectInProcesses(["services"], {
    program: misbehaving,
    root: "/",
    signal: stop.signal,
  });
  stop.abort();
  expect(await collecting.catch((error: Error) => error.name)).toBe("AbortError");
});

test("a program that cannot start is the reason of each category", async () => {
  const program = { command: ["/nonexistent/attacklens-sensor"], environment: {} };
  const inventory = await collectInProcesses(["users"], { program, root: "/" });
  expect(inventory.users).toMatchObject({
    status: "failed",
    reason: expect.stringContaining("cannot start"),
  });
});

test.skipIf(process.platform !== "linux")(
  "a hanging collector ends with its parent, even if that one is killed",
  async () => {
    using folder = makeFolder();
    const pidFile = join(folder.path, "pid");
    const parent = `
      const { startCollectorProcess } = await import("./collector-process.ts");
      startCollectorProcess(${JSON.stringify(misbehaving)}, ${JSON.stringify(pidFile)}).ask("services");`;
    const options = { cwd: import.meta.dir, stdout: "ignore", stderr: "inherit" } as const;
    const killed = Bun.spawn([process.execPath, "-e", parent], options);
    const pid = await waitUntil("it hangs", () => (existsSync(pidFile) ? readFileSync(pidFile, "utf8") : ""));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    killed.kill("SIGKILL");
    await waitUntil("it ended", () => !existsSync(`/proc/${pid}`) || stateOf(pid) === "Z");
  },
);

/** `Z`: it has ended, and its new parent has not noticed yet. */
const stateOf = (pid: string) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0];
