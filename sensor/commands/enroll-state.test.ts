// `enroll` with a state folder that is damaged, full, read-only or owned by another user: it reports a clear
// error and overwrites nothing.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityPath, makeIdentity, readIdentity, writeIdentity } from "../state/identity.ts";
import {
  AS_OTHER,
  CAN_BE_OTHER,
  COMMANDS_TIMEOUT_MS,
  type CommandOptions,
  filesHoldingToken,
  makeFolder,
  makePipe,
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
  expect(filesHoldingToken(folder.path)).toEqual([]);
  folder[Symbol.dispose]();
});

const identityFile = () => identityPath(state);
const withToken = (options: CommandOptions = {}) =>
  runCommandLine(["enroll", "--server", server.url, "--state", state, "--token", "-"], {
    stdin: TOKEN,
    ...options,
  });

test("keeps a damaged identity file unchanged", async () => {
  mkdirSync(state);
  const sound = makeIdentity(server.url);
  const other = makeIdentity(server.url);
  for (const content of [
    "",
    "{",
    "null",
    "\0\0\0\0",
    JSON.stringify({ ...sound, state: "enrolled" }),
    JSON.stringify({ ...sound, publicKey: other.publicKey }),
    JSON.stringify(sound).slice(0, -9),
    " ".repeat(70_000) + JSON.stringify(sound),
  ]) {
    writeFileSync(identityFile(), content);
    expect(await withToken()).toEqual({
      exitCode: 5,
      stdout: "",
      stderr:
        `attacklens-sensor: Cannot use the identity in ${identityFile()}: the file is damaged; it was not changed\n` +
        "hint: restore it from a backup, or move it away and enroll again with a token\n",
    });
    expect(readFileSync(identityFile(), "utf8")).toBe(content);
    expect(readdirSync(state)).toEqual(["identity.json"]);
  }
  expect(server.received).toEqual([]);
});

test("rejects an identity that is a folder", async () => {
  mkdirSync(identityFile(), { recursive: true });
  expect(await withToken()).toMatchObject({
    exitCode: 5,
    stdout: "",
    stderr: `attacklens-sensor: Cannot read the identity in ${identityFile()}: it is a folder\n`,
  });
  expect(server.received).toEqual([]);
});

test("rejects an identity that is a FIFO", async () => {
  mkdirSync(state);
  makePipe(identityFile());
  expect(await withToken()).toMatchObject({
    exitCode: 5,
    stdout: "",
    stderr: `attacklens-sensor: Cannot read the identity in ${identityFile()}: it is not a regular file\n`,
  });
  rmSync(identityFile());
  expect(server.received).toEqual([]);
});

test("rejects a state folder that is a file", async () => {
  writeFileSync(state, "a file");
  expect(await withToken()).toMatchObject({
    exitCode: 5,
    stdout: "",
    stderr: `attacklens-sensor: Cannot read the identity in ${identityFile()}: part of the path is not a folder\n`,
  });
  expect(readFileSync(state, "utf8")).toBe("a file");
  expect(server.received).toEqual([]);
});

test.skipIf(!CAN_BE_OTHER)(
  `rejects files of another user${CAN_BE_OTHER ? "" : " (skipped: root has all permissions, and setpriv is missing)"}`,
  async () => {
    chmodSync(folder.path, 0o755);
    mkdirSync(state, { mode: 0o755 });
    chmodSync(state, 0o555);
    expect(await withToken({ through: AS_OTHER })).toEqual({
      exitCode: 5,
      stdout: "",
      stderr:
        `attacklens-sensor: Cannot write the identity in ${state}: permission denied; nothing was changed\n` +
        "hint: free some space or choose another folder with --state, then repeat the command\n",
    });
    chmodSync(state, 0o755);
    writeIdentity(state, makeIdentity(server.url));
    chmodSync(identityFile(), 0o000);
    expect(await withToken({ through: AS_OTHER })).toEqual({
      exitCode: 5,
      stdout: "",
      stderr:
        `attacklens-sensor: Cannot read the identity in ${identityFile()}: permission denied\n` +
        "hint: run the command as the user who enrolled the sensor, e.g. with sudo\n",
    });
    chmodSync(identityFile(), 0o600);
    expect(server.received).toEqual([]);
  },
);

const MOUNT = Bun.which("mount") ?? "/bin/mount";
const UNMOUNT = Bun.which("umount") ?? "/bin/umount";
const mountDisk = (path: string, options: string) =>
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  spawnSync(MOUNT, ["-t", "tmpfs", "-o", `${options},mode=0700`, "tmpfs", path]).status === 0;

/** Runs with the state folder on a separate file system. */
async function onOwnDisk(options: string, run: () => Promise<void>) {
  mkdirSync(state, { mode: 0o700 });
  if (!mountDisk(state, options)) throw new Error(`cannot mount a tmpfs with ${options}`);
  try {
    await run();
  } finally {
    spawnSync(UNMOUNT, [state]);
  }
}
const canMount = (() => {
  using probe = makeFolder();
  const can = mountDisk(probe.path, "size=64k");
  if (can) spawnSync(UNMOUNT, [probe.path]);
  return can;
})();
const reason = canMount ? "" : " (skipped: no tmpfs can be mounted here)";

test.skipIf(!canMount)(`with a full disk, creates no key and sends nothing${reason}`, async () => {
  await onOwnDisk("size=64k", async () => {
    fillDisk();
    expect(await withToken()).toEqual({
      exitCode: 5,
      stdout: "",
      stderr:
        `attacklens-sensor: Cannot write the identity in ${state}: no space left on the device; nothing was changed\n` +
        "hint: free some space or choose another folder with --state, then repeat the command\n",
    });
    expect(readdirSync(state)).toEqual(["filler"]);
    expect(server.received).toEqual([]);
  });
});

test.skipIf(!canMount)(
  `keeps the key if the disk fills up during enrollment, and continues when there is space${reason}`,
  async () => {
    await onOwnDisk("size=64k", async () => {
      writeIdentity(state, makeIdentity(server.url));
      const before = readFileSync(identityFile(), "utf8");
      fillDisk();
      const full = await withToken();
      expect(full).toMatchObject({ exitCode: 5, stdout: "" });
      expect(full.stderr).toContain("no space left on the device; nothing was changed");
      expect(readFileSync(identityFile(), "utf8")).toBe(before);
      expect(readdirSync(state).sort()).toEqual(["filler", "identity.json"]);

      rmSync(join(state, "filler"));
      expect(await withToken()).toMatchObject({ exitCode: 0, stderr: "" });
      expect(readIdentity(state)?.state).toBe("enrolled");
      const keys = server.received.map(({ keyid }) => keyid);
      expect(keys).toEqual(Array(2).fill(JSON.parse(before).publicKey));
    });
  },
);

test.skipIf(!canMount)(`with a read-only disk, sends nothing${reason}`, async () => {
  await onOwnDisk("ro,size=64k", async () => {
    const { exitCode, stderr } = await withToken();
    expect(exitCode).toBe(5);
    expect(stderr).toContain(`Cannot write the identity in ${state}: the file system is read-only`);
    expect(server.received).toEqual([]);
  });
});

function fillDisk() {
  expect(() => writeFileSync(join(state, "filler"), new Uint8Array(1_000_000))).toThrow("ENOSPC");
}
