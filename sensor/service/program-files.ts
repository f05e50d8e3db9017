// The files of the installed program: versions/<version>/attacklens-sensor, links to the version that the
// service runs, to the one on trial and to the previous one, and a link in the search path. Each step can be
// repeated after a kill.
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type { InstalledPaths } from "@attacklens/protocol/installed-paths.ts";
import { syncFolder } from "../state/atomic-file.ts";
import { makePrivateFolder } from "../state/private-files.ts";

/**
 * Puts the program into its place. Returns whether the file or the link changed, so that a running service
 * must be restarted. Throws the system's error.
 */
export async function putProgram(paths: InstalledPaths, source: string, release: string): Promise<boolean> {
  const target = paths.stable === undefined ? paths.program : programOf(paths, release);
  const folder = dirname(target);
  makeFolders(paths, folder);
  const copied = !(await isSameFile(source, target));
  if (copied) replaceFile(source, target);
  // A killed command may have left the mode of a copy.
  chmodSync(target, 0o755);
  const linked = paths.stable !== undefined && replaceLink(paths.stable, release);
  return copied || linked;
}

/**
 * Removes the versions that no link names. Returns their folders. Without links, the previous program has the
 * suffix `.old`, and stays.
 */
export function removeOldVersions(paths: InstalledPaths): string[] {
  if (paths.stable === undefined) {
    const old = namesIn(paths.versions).filter((name) => /^\d+\.\d+\.\d+$|\.new$/.test(name));
    return removeAll(old.map((name) => join(paths.versions, name)));
  }
  const links = [paths.stable, paths.trial, paths.previous].filter((link) => link !== undefined);
  const kept = links.map(findLink).filter((name) => name !== undefined);
  const names = [...kept, ...links.map((link) => basename(link))];
  const old = readdirSync(paths.versions).filter((name) => !names.includes(name));
  const unfinished = kept.flatMap((name) => abandonedFiles(join(paths.versions, name)));
  return removeAll([...old.map((name) => join(paths.versions, name)), ...unfinished]);
}

/** `kept`: a file that install did not make is in the way. `failed`: the reason, e.g. a read-only /usr. */
export type CommandLink = { is: "made" | "present" | "kept" } | { is: "failed"; error: unknown };

/** Makes the command available to the shell. The service does not need it, so a failure is not fatal. */
export function putCommand({ command, program }: InstalledPaths, running: string): CommandLink {
  if (command === undefined) return { is: "present" };
  try {
    mkdirSync(dirname(command), { recursive: true });
    const existing = lstatSync(command, { throwIfNoEntry: false });
    // The operator may have copied the program there and run it from there.
    const isOurs = !existing || existing.isSymbolicLink() || command === running;
    if (!isOurs) return { is: "kept" };
    return { is: replaceLink(command, program) ? "made" : "present" };
  } catch (error) {
    return { is: "failed", error };
  }
}

/** Whether the link in the search path leads to the installed program. */
export function hasCommand({ command, program }: InstalledPaths): boolean {
  return command !== undefined && findLink(command) === program;
}

/** Removes a file, a link or a folder with its content. Returns whether there was one. */
export function removeEntry(path: string): boolean {
  if (!lstatSync(path, { throwIfNoEntry: false })) return false;
  rmSync(path, { recursive: true, force: true });
  return true;
}

/** Removes the program of the installation and the link to it. Returns the paths. */
export function removeProgram(paths: InstalledPaths): string[] {
  const { versions, command } = paths;
  const isOurs = hasCommand(paths);
  // The link last: a killed command leaves no file that only a path leads to.
  const removed = [versions].filter(removeEntry);
  return command !== undefined && isOurs ? [...removed, ...[command].filter(removeEntry)] : removed;
}

/** The program of a version beside the one that the service runs. */
export function programOf({ versions, program }: InstalledPaths, release: string): string {
  return join(versions, release, basename(program));
}

/** Makes the link to the version on trial. The service does not use it. */
export function linkTrial({ trial }: InstalledPaths, release: string): void {
  if (trial !== undefined) replaceLink(trial, release);
}

/**
 * Lets the service run the release, whose program is in its place already, from its next start on. Keeps the
 * program of the other one.
 */
export function promote(paths: InstalledPaths, release: string): void {
  const { stable, previous, program } = paths;
  if (stable === undefined) {
    replaceFile(programOf(paths, release), program);
    return;
  }
  const replaced = findLink(stable);
  if (previous !== undefined && replaced !== undefined) replaceLink(previous, replaced);
  replaceLink(stable, release);
}

/** Completes a replacement that was killed, where no link leads to the program. */
export function restoreProgram({ stable, program }: InstalledPaths): void {
  if (stable === undefined && !existsSync(program) && existsSync(`${program}.old`))
    renameSync(`${program}.old`, program);
}

/** Removes the link to the version on trial. Its program stays. */
export function removeTrial(paths: InstalledPaths): void {
  if (paths.trial !== undefined && removeEntry(paths.trial)) syncFolder(paths.versions);
}

/** Whether the service runs the release that the program at `running` is of. */
export function isStable(paths: InstalledPaths, release: string, running: string): boolean {
  return paths.stable === undefined ? running === paths.program : findLink(paths.stable) === release;
}

/** Release that the service runs; undefined: none is installed. */
export function findInstalledRelease({ stable }: InstalledPaths): string | undefined {
  return stable === undefined ? undefined : findLink(stable);
}

function makeFolders({ stateDir, versions }: InstalledPaths, folder: string): void {
  makePrivateFolder(stateDir);
  mkdirSync(versions, { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
}

function replaceFile(source: string, target: string): void {
  for (const path of abandonedFiles(dirname(target))) rmSync(path, { force: true });
  const unfinished = `${target}.new`;
  try {
    copyFileSync(source, unfinished, constants.COPYFILE_FICLONE);
    chmodSync(unfinished, 0o755);
    syncFile(unfinished);
    // Windows keeps the file of a running program, but lets it be renamed.
    if (process.platform === "win32" && lstatSync(target, { throwIfNoEntry: false })) {
      renameSync(target, `${target}.old`);
    }
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/** Returns whether the link changed. */
function replaceLink(path: string, target: string): boolean {
  if (findLink(path) === target) return false;
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  symlinkSync(target, unfinished);
  renameSync(unfinished, path);
  syncFolder(dirname(path));
  return true;
}

function abandonedFiles(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /\.(new|old)$/.test(name))
    .map((name) => join(folder, name));
}

function removeAll(paths: string[]): string[] {
  return paths.filter((path) => {
    try {
      return removeEntry(path);
    } catch {
      // Windows does not remove a program that still runs.
      return false;
    }
  });
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const existing = statSync(other, { throwIfNoEntry: false });
  if (!existing?.isFile()) return false;
  if (realpathSync(one) === realpathSync(other)) return true;
  if (statSync(one).size !== existing.size) return false;
  return (await hashOf(one)) === (await hashOf(other));
}

/** SHA-256 in lower-case hex. */
export async function hashOf(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const part of Bun.file(path).stream()) hash.update(part);
  return hash.digest("hex");
}

function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function findLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // EINVAL: not a link.
    if (["ENOENT", "EINVAL", "ENOTDIR"].includes(errnoCode(error) ?? "")) return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
