import { expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { InstalledPaths } from "@attacklens/protocol/installed-paths.ts";
import { makeFolder } from "../testing/test-command.ts";
import {
  findInstalledRelease,
  hasCommand,
  isStable,
  linkTrial,
  programOf,
  promote,
  putCommand,
  putProgram,
  removeOldVersions,
  removeTrial,
  restoreProgram,
} from "./program-files.ts";

function prepare() {
  const folder = makeFolder();
  const stateDir = join(folder.path, "state");
  const versions = join(stateDir, "versions");
  const stable = join(versions, "stable");
  const command = join(folder.path, "local/bin/attacklens-sensor");
  const paths: InstalledPaths = {
    stateDir,
    versions,
    stable,
    trial: join(versions, "trial"),
    previous: join(versions, "previous"),
    program: join(stable, "attacklens-sensor"),
    command,
  };
  const source = join(folder.path, "downloaded");
  const write = (content: string) => writeFileSync(source, content, { mode: 0o600 });
  write("first");
  return {
    paths,
    command,
    stable,
    versions,
    source,
    write,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test("puts the program below its version, and links to it", async () => {
  using host = prepare();
  const { paths, source } = host;
  expect(await putProgram(paths, source, "2026.11.0")).toBe(true);
  expect(readFileSync(paths.program, "utf8")).toBe("first");
  expect(statSync(paths.program).mode & 0o777).toBe(0o755);
  expect(statSync(paths.stateDir).mode & 0o777).toBe(0o700);
  expect(readlinkSync(host.stable)).toBe("2026.11.0");
  expect(findInstalledRelease(paths)).toBe("2026.11.0");
  expect(await putProgram(paths, source, "2026.11.0")).toBe(false);
  // The installed program may run the command, too.
  expect(await putProgram(paths, realpathSync(paths.program), "2026.11.0")).toBe(false);
});

test("replaces another build of the same release, also one of the same size", async () => {
  using host = prepare();
  await putProgram(host.paths, host.source, "2026.11.0");
  host.write("other");
  expect(await putProgram(host.paths, host.source, "2026.11.0")).toBe(true);
  expect(readFileSync(host.paths.program, "utf8")).toBe("other");
});

test("continues after a kill: half a copy, a copy without its mode, a link to nothing", async () => {
  using host = prepare();
  const { paths, versions, stable } = host;
  const folder = join(versions, "2026.11.0");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "attacklens-sensor.new"), "fir");
  symlinkSync("2026.10.0", stable);
  symlinkSync("2026.11.0", `${stable}.new`);
  expect(await putProgram(paths, host.source, "2026.11.0")).toBe(true);
  expect(readdirSync(folder)).toEqual(["attacklens-sensor"]);
  expect(readdirSync(versions).sort()).toEqual(["2026.11.0", "stable"]);
});

test("removes old versions, but never one that a link names", async () => {
  using host = prepare();
  for (const release of ["2026.9.0", "2026.10.0", "2026.11.0"])
    await putProgram(host.paths, host.source, release);
  symlinkSync("2026.10.0", join(host.versions, "trial"));
  expect(removeOldVersions(host.paths)).toEqual([join(host.versions, "2026.9.0")]);
  expect(readdirSync(host.versions).sort()).toEqual(["2026.10.0", "2026.11.0", "stable", "trial"]);
  expect(removeOldVersions(host.paths)).toEqual([]);
});

test("makes the command available, and keeps a file of the operator", async () => {
  using host = prepare();
  const { paths, command, source } = host;
  await putProgram(paths, source, "2026.11.0");
  expect(putCommand(paths, source)).toEqual({ is: "made" });
  expect(putCommand(paths, source)).toEqual({ is: "present" });
  expect(hasCommand(paths)).toBe(true);
  expect(readFileSync(command, "utf8")).toBe("first");
});

test("a program at the place of the command is replaced only if it is the one that runs", async () => {
  using host = prepare();
  const { paths, command, source } = host;
  await putProgram(paths, source, "2026.11.0");
  mkdirSync(join(command, ".."), { recursive: true });
  writeFileSync(command, "a wrapper of the operator");
  expect(putCommand(paths, source)).toEqual({ is: "kept" });
  expect(hasCommand(paths)).toBe(false);
  expect(putCommand(paths, command)).toEqual({ is: "made" });
  expect(lstatSync(command).isSymbolicLink()).toBe(true);
});

test("without a place for the command, the installation continues", async () => {
  using host = prepare();
  await putProgram(host.paths, host.source, "2026.11.0");
  writeFileSync(join(host.command, "../.."), "not a folder");
  expect(putCommand(host.paths, host.source)).toMatchObject({ is: "failed" });
  expect(existsSync(host.command)).toBe(false);
});

test("where a program cannot be replaced by a link, its file is, and versions beside it go", () => {
  using folder = makeFolder();
  const versions = join(folder.path, "Sensor");
  const program = join(versions, "attacklens-sensor.exe");
  const none = { stable: undefined, trial: undefined, previous: undefined, command: undefined };
  const paths = { ...none, stateDir: folder.path, versions, program };
  mkdirSync(join(versions, "2026.12.0"), { recursive: true });
  writeFileSync(program, "first");
  writeFileSync(programOf(paths, "2026.12.0"), "second");
  linkTrial(paths, "2026.12.0");
  promote(paths, "2026.12.0");
  expect(readFileSync(program, "utf8")).toBe("second");
  expect(isStable(paths, "2026.12.0", program)).toBe(true);
  expect(isStable(paths, "2026.12.0", programOf(paths, "2026.12.0"))).toBe(false);
  // As Windows leaves them: the program that ran, and one of a killed command.
  writeFileSync(`${program}.old`, "first");
  writeFileSync(`${program}.new`, "sec");
  removeTrial(paths);
  expect(removeOldVersions(paths).sort()).toEqual([join(versions, "2026.12.0"), `${program}.new`]);
  expect(readdirSync(versions).sort()).toEqual(["attacklens-sensor.exe", "attacklens-sensor.exe.old"]);

  restoreProgram(paths);
  expect(readFileSync(program, "utf8")).toBe("second");
  rmSync(program);
  restoreProgram(paths);
  expect(readFileSync(program, "utf8")).toBe("first");
});
