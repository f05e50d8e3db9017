// Files that are either as they were or as they should be, whatever happens between: written beside, synced, renamed.

import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";

/**
 * Writes the file with mode 0600, its folder made with 0700 where it does not exist. Returns when it is on the disk.
 * Throws the system's error (ENOSPC, EACCES, …) and leaves the old file as it was; refuses a link, a folder or a device.
 */
export function writeFileAtomically(path: string, content: string): void {
  writeBeside(path, content, (temporary) => renameSync(temporary, path));
}

/** The same for a file that is not there yet: of several processes at once, one succeeds, and the others get EEXIST. */
export function createFileAtomically(path: string, content: string): void {
  writeBeside(path, content, (temporary) => {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (errnoCode(error) === "EEXIST") throw error;
      // A file system without hard links: FAT, some of the network's.
      renameSync(temporary, path);
    }
    rmSync(temporary, { force: true });
  });
}

function writeBeside(path: string, content: string, putInPlace: (temporary: string) => void): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing && !existing.isFile()) throw new Error(`${path} is not a regular file`);
  removeAbandoned(path);
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeNewFile(temporary, content);
    putInPlace(temporary);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/**
 * Writes a file with mode 0600 that is not there yet. Returns when its content is on the disk, its name once the folder is synced;
 * what a failure or a kill leaves of it is the caller's to remove. Throws the system's error.
 */
export function writeNewFile(path: string, content: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What a process that was killed has left beside the file: it may hold a key that nobody looks after. */
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

/** Makes the names in a folder last through a power cut. Windows cannot open a folder, and does not need to. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
