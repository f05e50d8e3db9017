// A lock is a folder with one file, which is named after its holder. A process prepares the folder beside the
// path and renames it into place. rename(2) fails while a holder's file is there. The holder removes its file
// by its name, and so does a process that finds the holder dead. So no process removes a newer holder's file.
import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { makePrivateFolder } from "./private-files.ts";
import { startOfProcess } from "./process-start.ts";

const UNFINISHED = ".new";
/** The folder is not writable, or its disk is full. A sensor reports nevertheless. */
const UNWRITABLE = ["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"];
/** The names of the locks that this process holds. */
const held = new Set<string>();

/**
 * The lock; the id of the process that holds it; or why it could not be taken, e.g. because another process
 * was faster: repeat the call. If its folder is not writable and no process holds the lock, the lock excludes
 * no other. Throws other system errors.
 */
export type LockAttempt = { lock: Disposable } | { holder: number } | { error: unknown };

export function tryLockFolder(path: string): LockAttempt {
  const holder = findHolder(path);
  if (holder !== undefined) return { holder };
  removeUnheld(path);
  removeAbandoned(path);

  // Unlike the process id, a name is never used again.
  const name = `${process.pid}-${startOfProcess(process.pid) ?? ""}-${randomBytes(4).toString("hex")}`;
  const prepared = `${path}.${name}${UNFINISHED}`;
  try {
    makePrivateFolder(dirname(path));
    mkdirSync(prepared, { mode: 0o700 });
    writeFileSync(join(prepared, name), "", { mode: 0o600 });
  } catch (error) {
    removeLock(prepared, [name]);
    const code = errnoCode(error) ?? "";
    if (UNWRITABLE.includes(code)) return { lock: { [Symbol.dispose]: () => {} } };
    // Another process has removed the folder in which the lock is.
    if (code === "ENOENT") return { error };
    throw error;
  }
  try {
    renameSync(prepared, path);
  } catch (error) {
    removeLock(prepared, [name]);
    return { error };
  }
  held.add(name);
  return {
    lock: {
      [Symbol.dispose]: () => {
        held.delete(name);
        removeLock(path, [name]);
      },
    },
  };
}

/** The id of the process that holds the lock; undefined: none does. */
export function findHolder(path: string): number | undefined {
  const name = namesIn(path).find(isHeld);
  return name === undefined ? undefined : parseName(name)?.pid;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Removes a lock without a holder, and the lock file of an earlier build. Keeps other files. */
function removeUnheld(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory())
    removeLock(
      path,
      namesIn(path).filter((name) => parseName(name) && !isHeld(name)),
    );
  else if (stat) removeFile(path);
}

/** Keeps the folder if it has another file, i.e. if another process has the lock by now. */
function removeLock(path: string, names: string[]): void {
  for (const name of names) removeFile(join(path, name));
  try {
    rmdirSync(path);
  } catch {
    // It is not empty, or another process has removed it.
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process has removed it, or the folder is not writable.
  }
}

/** Removes what killed processes prepared. */
function removeAbandoned(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const entry of namesIn(dirname(path))) {
    if (!entry.startsWith(prefix) || !entry.endsWith(UNFINISHED)) continue;
    if (!isHeld(entry.slice(prefix.length, -UNFINISHED.length))) removeUnheld(join(dirname(path), entry));
  }
}

/** Whether the process that the name is of is still running, and not another one with the same id. */
function isHeld(name: string): boolean {
  const holder = parseName(name);
  if (!holder) return false;
  if (holder.pid === process.pid) return held.has(name);
  // Read first: a process that ends meanwhile does not exist afterwards.
  const start = startOfProcess(holder.pid);
  if (!exists(holder.pid) || start === "ended") return false;
  return start === undefined || holder.startedAt === "" || start === holder.startedAt;
}

function parseName(name: string): { pid: number; startedAt: string } | undefined {
  const [, pid, startedAt] = /^([1-9]\d{0,9})-(\d*)(?:-[0-9a-f]+)?$/.exec(name) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), startedAt: startedAt ?? "" };
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoCode(error) === "EPERM";
  }
}
