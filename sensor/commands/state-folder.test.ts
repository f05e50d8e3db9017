// A state folder that a newer build wrote or, if the sensor runs as root, that another user can change.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { identityPath, makeIdentity, writeIdentity } from "../state/identity.ts";
import {
  COMMANDS_TIMEOUT_MS,
  makeFolder,
  readBuild,
  runCommandLine,
  TOKEN,
} from "../testing/test-command.ts";
import { startTestServer } from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

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
  folder[Symbol.dispose]();
});

const isRoot = process.getuid?.() === 0;
const identityFile = () => identityPath(state);
const withToken = () =>
  runCommandLine(["enroll", "--server", server.url, "--state", state, "--token", "-"], { stdin: TOKEN });

test("keeps an identity of a newer build unchanged, and names both builds", async () => {
  const { shown } = await readBuild();
  mkdirSync(state, { mode: 0o700 });
  const sound = makeIdentity(server.url);
  const newer = { ...sound, release: "2027.03.1", commit: "abcdef0" };
  const by = "attacklens-sensor 2027.03.1 (commit abcdef0) wrote it";
  for (const [content, writer, install] of [
    [{ ...newer, version: 2, hardwareKey: {} }, `${by}, with state version 2`, "2027.03.1 or newer"],
    [{ ...newer, state: "migrating" }, `${by}, with state version 1`, "2027.03.1 or newer"],
    [{ ...sound, hardwareKey: {} }, `attacklens-sensor ${RELEASE} wrote it`, `${RELEASE} or newer`],
    [
      { version: 2, state: "enrolling" },
      "an unnamed newer build wrote it, with state version 2",
      "in its latest release",
    ],
  ] as const) {
    const text = JSON.stringify(content);
    writeFileSync(identityFile(), text, { mode: 0o600 });
    const common = ["--state", state];
    for (const args of [
      ["enroll", "--server", server.url, "--token", "-", ...common],
      ["run", "--once", ...common],
      ["status", ...common],
      ["unenroll", "--force", ...common],
    ]) {
      const { exitCode, stdout, stderr } = await runCommandLine(args, { stdin: TOKEN });
      expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
      expect(stderr).toContain(writer);
      expect(stderr).toContain(
        `this is attacklens-sensor ${shown}, which supports state version 1; nothing was changed`,
      );
      expect(stderr).toContain(`hint: install attacklens-sensor ${install}`);
      expect(stderr).not.toMatch(/damaged|away/);
    }
    expect(readFileSync(identityFile(), "utf8")).toBe(text);
    expect(readdirSync(state)).toEqual(["identity.json"]);
  }
  expect(server.received).toEqual([]);
});

test("keeps reports of a newer build unchanged", async () => {
  mkdirSync(join(state, "reports"), { recursive: true, mode: 0o700 });
  writeIdentity(state, makeIdentity(server.url));
  const report = join(state, "reports", "000000000001-1764000000000.json");
  writeFileSync(report, JSON.stringify({ version: 2, release: "2027.03.1", commit: "abcdef0" }));
  const { exitCode, stderr } = await runCommandLine(["run", "--once", "--state", state]);
  expect(exitCode).toBe(5);
  expect(stderr).toContain(`Cannot use ${report}: attacklens-sensor 2027.03.1 (commit abcdef0) wrote it`);
  expect(existsSync(report)).toBe(true);
});

test("records the build in every file", async () => {
  expect((await withToken()).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(identityFile(), "utf8"))).toMatchObject({
    version: 1,
    release: RELEASE,
    commit: (await readBuild()).commit ?? "unknown",
  });
});

describe.skipIf(process.platform === "win32" || !isRoot)("a sensor that runs as root", () => {
  const commands = () => [
    ["enroll", "--server", server.url, "--token", "-"],
    ["run", "--once"],
    ["status"],
    ["unenroll"],
  ];
  let judged = 0;
  /** Each call tries the next command, or all commands with LONG_TESTS=1. */
  const refused = async (path: string, why: string, fix: string) => {
    const all = commands();
    const one = all[judged++ % all.length]!;
    for (const command of LONG_TESTS ? all : [one]) {
      const { exitCode, stdout, stderr } = await runCommandLine([...command, "--state", state], {
        stdin: TOKEN,
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
      expect(stderr).toContain(
        `Cannot use the state folder ${state}${path === state ? "" : `: ${path}`}: ${why}`,
      );
      expect(stderr).toContain(`hint: ${fix}, or choose another folder with --state`);
    }
    expect(server.received).toEqual([]);
  };

  test("rejects a state folder that another user owns or can write to", async () => {
    mkdirSync(state);
    for (const [mode, who] of [
      [0o777, "every user may write to it"],
      [0o1777, "every user may write to it"],
      [0o702, "every user may write to it"],
      [0o770, "group 0 may write to it"],
    ] as const) {
      chmodSync(state, mode);
      await refused(state, who, `chmod go-w ${state}`);
    }
    chmodSync(state, 0o700);
    chownSync(state, 65_534, 65_534);
    await refused(state, "it belongs to user 65534", `chown -h root ${state}`);
  });

  test("rejects a state folder below a folder that another user owns or can write to", async () => {
    const between = join(folder.path, "between");
    state = join(between, "state");
    mkdirSync(state, { recursive: true, mode: 0o700 });
    chmodSync(between, 0o777);
    await refused(between, "every user may write to it", `chmod go-w ${between}`);
    chmodSync(between, 0o755);
    chownSync(between, 65_534, 65_534);
    await refused(between, "it belongs to user 65534", `chown -h root ${between}`);
  });

  test("rejects a link or an identity that another user owns", async () => {
    const real = join(folder.path, "real");
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, state);
    lchownSync(state, 65_534, 65_534);
    await refused(state, "it belongs to user 65534", `chown -h root ${state}`);
    lchownSync(state, 0, 0);
    writeIdentity(real, makeIdentity(server.url));
    chownSync(identityPath(real), 65_534, 65_534);
    await refused(identityPath(real), "it belongs to user 65534", `chown -h root ${identityPath(real)}`);
  });

  test("rejects a state folder with a file or folder that another user can write to, also behind a link", async () => {
    mkdirSync(join(state, "reports"), { recursive: true, mode: 0o700 });
    writeIdentity(state, makeIdentity(server.url));
    chmodSync(identityFile(), 0o606);
    await refused(identityFile(), "every user may write to it", `chmod go-w ${identityFile()}`);
    chmodSync(identityFile(), 0o600);
    const reports = join(state, "reports");
    chmodSync(reports, 0o770);
    await refused(reports, "group 0 may write to it", `chmod go-w ${reports}`);
    const elsewhere = join(folder.path, "elsewhere");
    mkdirSync(elsewhere);
    chownSync(elsewhere, 65_534, 65_534);
    rmSync(reports, { recursive: true });
    symlinkSync(elsewhere, reports);
    await refused(elsewhere, "it belongs to user 65534", `chown -h root ${elsewhere}`);
  });

  test("accepts root's folder in a sticky folder or behind root's link, and creates a new one", async () => {
    const sticky = join(folder.path, "sticky");
    mkdirSync(join(sticky, "state"), { recursive: true, mode: 0o700 });
    chmodSync(sticky, 0o1777);
    symlinkSync(join("sticky", "state"), state);
    expect((await withToken()).exitCode).toBe(0);
    state = join(folder.path, "a", "new", "one");
    expect((await withToken()).exitCode).toBe(0);
  });
});
