// The files of the host, below a root folder: "/" on a live host, a captured tree in tests, or the mounted
// host in a container. Every read is bounded and never blocks on a FIFO or device. If the root is not "/",
// symbolic links stay inside it, as with chroot.
import * as fs from "node:fs";
import { dirname, join, posix } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";

export interface HostEntry {
  name: string;
  kind: "file" | "folder" | "link" | "other";
}

export interface HostFiles {
  root: string;
  /** True if the root is this process's own, so that its architecture and its hostname are the host's. */
  isLive: boolean;
  /** True if the root is that of a running host: this one, or the host of this container. */
  isRunning: boolean;
  /** True if this process is in the network of the host, so that its interfaces are the host's. */
  sharesNetwork: boolean;
  /**
   * The text of a file; undefined if it does not exist. Throws if it cannot be read or has more than
   * `maxBytes`.
   */
  readText(path: string, maxBytes?: number): string | undefined;
  /** The text of a file; undefined if it does not exist, cannot be read or is too large. */
  findText(path: string, maxBytes?: number): string | undefined;
  /**
   * The first line of a small file (e.g. below /proc and /sys), trimmed; undefined if the file does not exist
   * or the line is empty.
   */
  findLine(path: string): string | undefined;
  findBytes(path: string, maxBytes?: number): Uint8Array | undefined;
  /** The names in a folder; empty if it does not exist or cannot be read. */
  list(path: string): string[];
  listEntries(path: string): HostEntry[];
  /** The target of a symbolic link, as written; undefined if it is not a link. */
  findLink(path: string): string | undefined;
  exists(path: string): boolean;
  /** The path on this system's disk with links followed; undefined if it does not exist. */
  findRealPath(path: string): string | undefined;
}

const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_ENTRIES = 200_000;
const MAX_LINKS = 40;

export function openHostFiles(root = "/"): HostFiles {
  const isLive = root === "/";

  function resolve(path: string, followLast: boolean): string | undefined {
    if (isLive) return path;
    let pending = path.split("/").filter(Boolean);
    let resolved = "/";
    let links = 0;
    while (pending.length > 0) {
      const [part = "", ...rest] = pending;
      pending = rest;
      if (part === ".") continue;
      if (part === "..") {
        resolved = posix.dirname(resolved);
        continue;
      }
      const next = posix.join(resolved, part);
      const link = pending.length > 0 || followLast ? readLinkOrUndefined(join(root, next)) : undefined;
      if (link === undefined) {
        resolved = next;
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) return undefined;
      if (link.startsWith("/")) resolved = "/";
      pending = [...link.split("/").filter(Boolean), ...pending];
    }
    return join(root, resolved);
  }

  function readBytes(path: string, maxBytes: number): Uint8Array | undefined {
    const real = resolve(path, true);
    if (real === undefined) return undefined;
    try {
      return readBounded(real, maxBytes);
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      throw new Error(`Cannot read ${path}: ${reasonOf(cause)}`, { cause });
    }
  }

  function findBytes(path: string, maxBytes = MAX_TEXT_BYTES): Uint8Array | undefined {
    try {
      return readBytes(path, maxBytes);
    } catch {
      return undefined;
    }
  }

  function findText(path: string, maxBytes = MAX_TEXT_BYTES): string | undefined {
    const bytes = findBytes(path, maxBytes);
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  }

  function listEntries(path: string): HostEntry[] {
    const real = resolve(path, true);
    if (real === undefined) return [];
    try {
      return fs
        .readdirSync(real, { withFileTypes: true })
        .slice(0, MAX_ENTRIES)
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .sort((left, right) => (left.name < right.name ? -1 : 1));
    } catch {
      return [];
    }
  }

  const isRunning = isLive || hasProcesses(root);
  return {
    root,
    isLive,
    isRunning,
    sharesNetwork: isLive || (isRunning && isSameNetwork(join(root, "proc/1"))),
    readText(path, maxBytes = MAX_TEXT_BYTES) {
      const bytes = readBytes(path, maxBytes);
      return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    },
    findText,
    findLine(path) {
      return findText(path)?.split("\n", 1)[0]?.trim() || undefined;
    },
    findBytes,
    list(path) {
      const real = resolve(path, true);
      if (real === undefined) return [];
      try {
        return fs.readdirSync(real).slice(0, MAX_ENTRIES).sort();
      } catch {
        return [];
      }
    },
    listEntries,
    findLink(path) {
      const real = resolve(path, false);
      return real && readLinkOrUndefined(real);
    },
    exists(path) {
      const real = resolve(path, true);
      return real !== undefined && fs.existsSync(real);
    },
    findRealPath(path) {
      const real = resolve(path, true);
      try {
        return real && fs.realpathSync(real);
      } catch {
        return undefined;
      }
    },
  };
}

const PROC_SUPER_MAGIC = 0x9fa0;

/** Whether the kernel's file system of processes is below the root: a captured tree has copies of files. */
function hasProcesses(root: string): boolean {
  try {
    return process.platform === "linux" && fs.statfsSync(join(root, "proc")).type === PROC_SUPER_MAGIC;
  } catch {
    return false;
  }
}

/**
 * Whether a process is in the network of this one: the tables of each network have their own inodes. Unlike
 * the links in `ns`, every user may look at them.
 */
function isSameNetwork(process: string): boolean {
  try {
    return fs.statSync("/proc/self/net/dev").ino === fs.statSync(`${process}/net/dev`).ino;
  } catch {
    return false;
  }
}

/** The absolute target of a link. A relative target starts at the folder of the link. */
export function linkTarget(linkPath: string, target: string): string {
  return posix.normalize(target.startsWith("/") ? target : posix.join(dirname(linkPath), target));
}

function readBounded(path: string, maxBytes: number): Uint8Array {
  const file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  try {
    const stat = fs.fstatSync(file);
    if (!stat.isFile()) throw new Error("not a regular file");
    // Files in /proc and /sys have size 0, so they are read to their end.
    let buffer = Buffer.allocUnsafe(Math.min(maxBytes, stat.size > 0 ? stat.size : 16_384) + 1);
    let length = 0;
    for (;;) {
      const count = fs.readSync(file, buffer, length, buffer.length - length, null);
      length += count;
      if (length > maxBytes) throw new Error(`larger than ${maxBytes} bytes`);
      if (count === 0) return buffer.subarray(0, length);
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(maxBytes + 1, length * 2));
    }
  } finally {
    fs.closeSync(file);
  }
}

function readLinkOrUndefined(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

function kindOf(entry: fs.Dirent): HostEntry["kind"] {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : "other";
}

function isAbsent(cause: unknown): boolean {
  const code = errnoCode(cause);
  return code === "ENOENT" || code === "ENOTDIR";
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  EISDIR: "it is a folder",
};

function reasonOf(cause: unknown): string {
  return REASONS[errnoCode(cause) ?? ""] ?? (cause as Error).message;
}
