// The command line of collect: images and mounted hosts, categories, the summary, and the exit code.
import { expect, setDefaultTimeout, test } from "bun:test";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { builtSensor, COMMANDS_TIMEOUT_MS, makeFolder, runCommandLine } from "../testing/test-command.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const HOST = "-- /etc/passwd\nroot:x:0:0:root:/root:/bin/sh\n-- /etc/group\nroot:x:0:\n";
const SETTINGS = '-- /etc/attacklens-sensor.toml\n[inventory]\nswitched-off = ["users"]\n';

type Results = Record<string, { status: string; reason?: string; items?: object[] }>;
const parse = (stdout: string) => JSON.parse(stdout) as Results;

test("collects an image without /proc, and prints JSON to a pipe", async () => {
  using host = makeRoot(HOST);
  const { exitCode, stdout, stderr } = await runCommandLine(["collect", "--root", host.root]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(Object.keys(parse(stdout))).toEqual([...CATEGORIES]);
  expect(parse(stdout).users).toMatchObject({ status: "collected", durationMs: expect.any(Number) });
  expect(parse(stdout).packages).toMatchObject({ status: "absent" });
});

test("collects an empty image, where nothing is there", async () => {
  using folder = makeFolder();
  const { exitCode, stdout } = await runCommandLine([
    "collect",
    "--root",
    folder.path,
    "--category",
    "packages",
  ]);
  expect({ exitCode, results: parse(stdout) }).toMatchObject({
    exitCode: 0,
    results: { packages: { status: "absent" } },
  });
});

test("collects only the given categories, in their order", async () => {
  using host = makeRoot(HOST);
  const args = ["collect", "--root", host.root, "--category", "system,users", "--category", "users"];
  const { exitCode, stdout } = await runCommandLine(args);
  expect(exitCode).toBe(0);
  expect(Object.keys(parse(stdout))).toEqual(["users", "system"]);
});

test("the exit code shows that a category failed, and the others are printed", async () => {
  using host = makeRoot("-- /etc/passwd/\n-- /etc/group\nroot:x:0:\n");
  const args = ["collect", "--root", host.root, "--category", "users,security"];
  const { exitCode, stdout, stderr } = await runCommandLine(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 16, stderr: "" });
  expect(parse(stdout)).toMatchObject({
    users: { status: "failed", reason: "Cannot read /etc/passwd: it is a folder" },
    security: { status: "collected" },
  });
});

test("honors the settings of the host's owner, and says so; --all collects everything", async () => {
  using host = makeRoot(HOST + SETTINGS);
  const args = ["collect", "--root", host.root, "--category", "users,system"];
  const without = await runCommandLine(args);
  expect(without).toMatchObject({
    exitCode: 0,
    stderr:
      "attacklens-sensor: /etc/attacklens-sensor.toml switches off users; to collect everything, use --all\n",
  });
  expect(parse(without.stdout)).toMatchObject({
    users: { status: "switched-off" },
    system: { status: "collected" },
  });
  const all = await runCommandLine([...args, "--all"]);
  expect(all).toMatchObject({ exitCode: 0, stderr: "" });
  expect(parse(all.stdout).users).toMatchObject({ status: "collected" });
});

test("collects nothing if the settings of the host's owner cannot be used", async () => {
  using host = makeRoot(`${HOST}-- /etc/attacklens-sensor.toml\n[inventory]\nswitched-off = ["user"]\n`);
  const { exitCode, stdout, stderr } = await runCommandLine(["collect", "--root", host.root]);
  expect(exitCode).toBe(16);
  expect(stderr).toContain(
    'cannot use the settings of the host\'s owner in /etc/attacklens-sensor.toml: the category "user" is unknown',
  );
  for (const result of Object.values(parse(stdout))) expect(result).toMatchObject({ status: "failed" });
});

test.each([
  [["--category", "user"], 'Cannot use --category "user": there is no such category\nhint: use packages, '],
  [["--category", ""], 'Cannot use --category "": there is no such category'],
  [["--root", "/nowhere"], 'Cannot use --root "/nowhere": there is no such folder\nhint: use the folder'],
  [["--root", "/dev/null"], 'Cannot use --root "/dev/null": it is not a folder'],
])("%p is refused with a hint", async (flags, message) => {
  const { exitCode, stdout, stderr } = await runCommandLine(["collect", ...flags]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(message);
});

const SCRIPT = Bun.which("script");

test.skipIf(SCRIPT === null)("prints a summary on a terminal, and no JSON", async () => {
  using host = makeRoot(`${HOST}${SETTINGS}-- /etc/shadow/\n`);
  const through = [SCRIPT ?? "", "-qec"];
  const command = `'${builtSensor()}' collect --root ${host.root} --category users,packages --all`;
  const { stdout, exitCode } = Bun.spawnSync([...through, command, "/dev/null"], {
    stderr: "pipe",
    env: { PATH: process.env.PATH, SHELL: "/bin/sh" },
  });
  const lines = stdout.toString().replaceAll("\r", "").split("\n");
  expect(exitCode).toBe(0);
  expect(lines[0]).toBe(`The inventory of ${host.root}. Nothing was sent.`);
  expect(lines[2]).toBe("CATEGORY  ITEMS   TIME  RESULT");
  expect(lines[3]).toMatch(/^packages {6}- {2,3}\d+\.\d s {2}nothing there: /);
  expect(lines[4]).toMatch(/^users {9}2 {2,3}\d+\.\d s {2}collected$/);
  expect(lines[5]).toBe("  /etc/shadow: it is a folder");
  expect(stdout.toString()).not.toContain("{");
});
