// Atomic file writes: after a crash, a file has either its old or its new content. Writes a temporary file,
// syncs it, and renames it.
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { makePrivateFile, makePrivateFolder } from "./private-files.ts";

/**
 * Writes the file and creates its folder, both for this user only. Returns when the file is on the disk.
 * Throws the system's error (ENOSPC, EACCES, …) and keeps the old file. Rejects a link, a folder or a device.
 */
export function writeFileAtomically(path: string, content: string): void {
  const folder = dirname(path);
  makePrivateFolder(folder);
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing && !existing.isFile()) throw new Error(`${path} is not a regular file`);
  removeAbandoned(path);
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeNewFile(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/**
 * Writes a new file for this user only. Returns when its content is on the disk; its name follows when the
 * folder is synced. The caller removes what a failure or a kill leaves. Throws the system's error.
 */
export function writeNewFile(path: string, content: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    makePrivateFile(path);
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Removes temporary files of killed processes: they may contain a key. */
function removeAbandoned(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(prefix) && /^(\d+)\.new$/.exec(name.slice(prefix.length))?.[1];
    if (pid && (Number(pid) === process.pid || !isRunning(Number(pid))))
      rmSync(join(dirname(path), name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoCode(error) === "EPERM";
  }
}

/**
 * Syncs the names in a folder, so that they survive a power failure. Windows cannot open folders and does not
 * need it.
 */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
