// Files and folders of releases that survive a kill and a power failure: written beside, synced, then
// renamed. Programs are public, so any account may read them. The data folder above is closed to others.
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { readdirIfPresent } from "./releases-folder.ts";

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
const CHUNK_BYTES = 1024 * 1024;
const STAGE = /^\.new-(\d+)-/;

export interface Digest {
  size: number;
  sha256: string;
}

/**
 * Creates a folder for unfinished files in `folder`, which disposing removes. Removes those of processes that
 * were killed.
 */
export function openStage(folder: string): Disposable & { path: string } {
  makeFolder(folder);
  for (const name of readdirIfPresent(folder)) {
    const pid = STAGE.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const path = mkdtempSync(join(folder, `.new-${process.pid}-`));
  chmod(path, FOLDER_MODE);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Creates the folder unless it exists. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
    chmod(path, FOLDER_MODE);
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw error;
  }
}

/**
 * Copies a regular file, syncs the copy, and returns what was copied. Stops above `maxBytes`. Throws the
 * system's error.
 */
export function copyDurably(from: string, to: string, maxBytes: number): Digest {
  const target = openSync(to, "wx", FILE_MODE);
  try {
    const digest = readThrough(from, maxBytes, (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(target, chunk, at);
    });
    fchmodSync(target, FILE_MODE);
    fsyncSync(target);
    return digest;
  } finally {
    closeSync(target);
  }
}

/** Throws the system's error, and Error for the operator for what is not a regular file. */
export function digestOf(path: string, maxBytes: number): Digest {
  return readThrough(path, maxBytes, () => {});
}

function readThrough(path: string, maxBytes: number, onChunk: (chunk: Uint8Array) => void): Digest {
  // Opening a FIFO would block. Windows has neither FIFOs nor the flag.
  const source = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(source).isFile())
      throw new Error(`Cannot read ${path}: it is not a regular file\nhint: name a file of the release`);
    const hash = createHash("sha256");
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let size = 0;
    while (size <= maxBytes) {
      const count = readSync(source, buffer);
      if (count === 0) break;
      size += count;
      hash.update(buffer.subarray(0, count));
      onChunk(buffer.subarray(0, count));
    }
    return { size, sha256: hash.digest("hex") };
  } finally {
    closeSync(source);
  }
}

/** Replaces the file as a whole. `stage` is a folder on the same file system. */
export function writeDurably(path: string, content: string, stage: string): void {
  const temporary = join(stage, "file.new");
  const file = openSync(temporary, "wx", FILE_MODE);
  try {
    writeSync(file, content);
    fchmodSync(file, FILE_MODE);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  moveDurably(temporary, path);
}

export function moveDurably(from: string, to: string): void {
  syncFolder(dirname(from));
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Windows cannot open folders and does not need it. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Whatever the umask: the server may run as another user than the operator's command. */
function chmod(path: string, mode: number): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fchmodSync(folder, mode);
  } finally {
    closeSync(folder);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoCode(error) === "EPERM";
  }
}
