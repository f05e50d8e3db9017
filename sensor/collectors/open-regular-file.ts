// Opens and reads regular files only. A FIFO, a socket or a device in place of a file blocks, never ends or
// acts when it is opened.
import * as fs from "node:fs";
import type { Budget } from "./budget.ts";

/** A file for reading at any offset. */
export interface HostFile extends Disposable {
  sizeBytes: number;
  /** At most `length` bytes from the offset; fewer at the end of the file. */
  readAt(offset: number, length: number): Uint8Array;
}

const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0) | (fs.constants.O_NOCTTY ?? 0);
const CHUNK_BYTES = 1024 * 1024;

/** Throws for what is not a regular file, and the system's error. */
export function openRegularFile(path: string, budget: Budget): HostFile {
  const { file, stat } = openFile(path, budget);
  return {
    sizeBytes: stat.size,
    readAt(offset, length) {
      budget.takeBytes(length);
      budget.checkTime();
      const buffer = Buffer.allocUnsafe(length);
      let read = 0;
      while (read < length) {
        const count = fs.readSync(file, buffer, read, length - read, offset + read);
        if (count === 0) break;
        read += count;
      }
      return buffer.subarray(0, read);
    },
    [Symbol.dispose]: () => fs.closeSync(file),
  };
}

interface ReadOptions {
  maxBytes: number;
  budget: Budget;
  /** Holds the content of a small file, until it is used again. */
  space?: Buffer | undefined;
  /** It was a regular file a moment ago. */
  isRegular?: boolean | undefined;
}

/** The content of a file of at most `maxBytes`. Throws like `openRegularFile`. */
export function readRegularFile(path: string, { maxBytes, budget, space, isRegular }: ReadOptions): Buffer {
  const { file, stat } = openFile(path, budget, isRegular);
  try {
    if (stat.size > maxBytes) throw tooLarge(maxBytes);
    const firstBytes = Math.min(maxBytes, stat.size > 0 ? stat.size : 16_384) + 1;
    let buffer = space && firstBytes <= space.length ? space : Buffer.allocUnsafe(firstBytes);
    let length = 0;
    for (;;) {
      const count = fs.readSync(file, buffer, length, Math.min(CHUNK_BYTES, buffer.length - length), null);
      budget.takeBytes(count);
      budget.checkTime();
      length += count;
      if (length > maxBytes) throw tooLarge(maxBytes);
      // Files in /proc and /sys have no size, or a wrong one, so they are read to their end.
      if (count === 0 || length === stat.size) return buffer.subarray(0, length);
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(maxBytes + 1, length * 2));
    }
  } finally {
    fs.closeSync(file);
  }
}

function openFile(path: string, budget: Budget, isRegular = false): { file: number; stat: fs.Stats } {
  budget.takeFile();
  // Opening a device can act on it, so it is looked at first. Then another may have taken its place.
  if (!isRegular) requireRegular(fs.statSync(path));
  const file = fs.openSync(path, FLAGS);
  try {
    const stat = fs.fstatSync(file);
    requireRegular(stat);
    return { file, stat };
  } catch (error) {
    fs.closeSync(file);
    throw error;
  }
}

/** What a file is instead of a regular one, or larger than. */
export class UnusableFile extends Error {
  constructor(
    message: string,
    readonly kind: "unreadable" | "limit",
  ) {
    super(message);
  }
}

function requireRegular(stat: fs.Stats): void {
  if (stat.isDirectory()) throw new UnusableFile("it is a folder", "unreadable");
  if (!stat.isFile()) throw new UnusableFile("not a regular file", "unreadable");
}

function tooLarge(maxBytes: number): UnusableFile {
  return new UnusableFile(`larger than ${maxBytes} bytes`, "limit");
}
