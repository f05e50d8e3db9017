// The files of the host, below a root folder: "/" on a live host, a captured tree in tests, or the mounted
// host in a container. Every read is bounded and never blocks on a FIFO or device. What cannot be read for
// another reason than its absence is a gap of the category. If the root is not "/", symbolic links stay
// inside it, as with chroot.
import * as fs from "node:fs";
import { dirname, join, posix } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type { Gap, GapKind } from "@attacklens/protocol/inventory/gaps.ts";
import { BudgetSpent, LIMITS, type Limits, openBudget } from "./budget.ts";
import { CannotRead, gapOf, TooSlow } from "./collector.ts";
import { openGaps } from "./gaps.ts";
import { type HostPath, openHostPaths } from "./host-path.ts";
import { openLocalFiles } from "./local-files.ts";
import { type HostFile, openRegularFile, readRegularFile, UnusableFile } from "./open-regular-file.ts";
import { openSeenFiles, type SeenFiles } from "./seen-files.ts";

export interface HostEntry {
  name: string;
  kind: "file" | "folder" | "link" | "other";
}

export interface HostStat {
  kind: HostEntry["kind"];
  /** Permission bits with set-uid, set-gid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  modifiedMs: number;
  inode: number;
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
  /**
   * For a file that is read in parts, e.g. a database. Undefined if it does not exist. Throws like readText.
   */
  open(path: string): HostFile | undefined;
  /** The names in a folder; empty if it does not exist or cannot be read. */
  list(path: string): string[];
  listEntries(path: string): HostEntry[];
  /** The target of a symbolic link, as written; undefined if it is not a link. */
  findLink(path: string): string | undefined;
  exists(path: string): boolean;
  /** Follows links. Undefined if the path does not exist. */
  findStat(path: string): HostStat | undefined;
  /** The path on this system's disk with links followed; undefined if it does not exist. */
  findRealPath(path: string): string | undefined;
  /** Records what the category lacks. The functions above do it for what they cannot read. */
  noteGap(gap: Gap): void;
  listGaps(): Gap[];
  /**
   * What was read on disks of this host, outside of /proc and /sys; undefined: it changed meanwhile, or was
   * too much.
   */
  listSeen(): SeenFiles | undefined;
  /** For a loop that reads no files: throws TooSlow when the time of the category is over. */
  checkTime(): void;
}

/** Reads what is at a path on this system's disk. `isRegular`: known to be a regular file. */
type Work<T> = (real: string, isRegular?: boolean) => T;

const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_ENTRIES = 200_000;
/** Most files are smaller. A host may have a hundred thousand of them, and each would leave garbage. */
const SPACE_BYTES = 32 * 1024;

export function openHostFiles(root = "/", limits: Limits = LIMITS): HostFiles {
  const isLive = root === "/";
  const budget = openBudget(limits);
  const gaps = openGaps();
  const seen = openSeenFiles(root);
  const resolvePath = openHostPaths(root);
  let space: Buffer | undefined;

  /** Undefined if the path is known not to exist. */
  function resolve(path: string, followLast: boolean): HostPath | undefined {
    const found = resolvePath(path, followLast);
    seen.add(found.real);
    return found.isAbsent ? undefined : found;
  }

  /** Undefined if the path does not exist. Throws CannotRead and TooSlow. */
  function read<T>(path: string, work: Work<T>, followLast = true): T | undefined {
    try {
      const found = resolve(path, followLast);
      if (found !== undefined) return work(found.real, found.isRegular);
      budget.checkTime();
      return undefined;
    } catch (cause) {
      if (cause instanceof TooSlow) throw cause;
      if (isAbsent(cause, path)) return undefined;
      // Each file beyond the budget has the same reason.
      const subject = cause instanceof BudgetSpent ? "files" : path;
      throw new CannotRead(subject, reasonOf(cause), kindOfError(cause), { cause });
    }
  }

  /** Like `read`. What cannot be read is a gap. */
  function find<T>(path: string, work: Work<T>, followLast = true): T | undefined {
    try {
      return read(path, work, followLast);
    } catch (error) {
      if (!(error instanceof CannotRead)) throw error;
      gaps.note(gapOf(error, path));
      return undefined;
    }
  }

  function findBytes(path: string, maxBytes = MAX_TEXT_BYTES): Uint8Array | undefined {
    return find(path, (real, isRegular) => readRegularFile(real, { maxBytes, budget, isRegular }));
  }

  function textWithin(maxBytes: number): Work<string> {
    return (real, isRegular) => {
      space ??= Buffer.allocUnsafe(SPACE_BYTES);
      return readRegularFile(real, { maxBytes, budget, space, isRegular }).toString("utf8");
    };
  }

  function findText(path: string, maxBytes = MAX_TEXT_BYTES): string | undefined {
    return find(path, textWithin(maxBytes));
  }

  /** Empty unless the path is a folder that can be read. */
  function findEntries<T>(path: string, work: (real: string) => T[]): T[] {
    const all = find(path, (real) => {
      budget.checkTime();
      const entries = inFolder(real, work);
      budget.takeEntries(entries.length);
      return entries;
    });
    if (all === undefined || all.length <= MAX_ENTRIES) return all ?? [];
    gaps.note({ kind: "limit", subject: path, reason: `more than ${MAX_ENTRIES} entries` });
    return all.slice(0, MAX_ENTRIES);
  }

  const isRunning = isLive || hasProcesses(root);
  return {
    root,
    isLive,
    isRunning,
    sharesNetwork: isLive || (isRunning && isSameNetwork(join(root, "proc/1"))),
    readText(path, maxBytes = MAX_TEXT_BYTES) {
      return read(path, textWithin(maxBytes));
    },
    findText,
    findLine(path) {
      return findText(path)?.split("\n", 1)[0]?.trim() || undefined;
    },
    findBytes,
    open(path) {
      return read(path, (real) => openRegularFile(real, budget));
    },
    list(path) {
      return findEntries(path, (real) => fs.readdirSync(real)).sort();
    },
    listEntries(path) {
      return findEntries(path, (real) => fs.readdirSync(real, { withFileTypes: true }))
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .sort((left, right) => (left.name < right.name ? -1 : 1));
    },
    findLink(path) {
      budget.checkTime();
      return find(path, (real) => fs.readlinkSync(real), false);
    },
    exists(path) {
      budget.checkTime();
      try {
        const found = resolve(path, true);
        return found !== undefined && (found.isRegular || fs.existsSync(found.real));
      } catch {
        return false;
      }
    },
    findStat(path) {
      budget.checkTime();
      return find(path, (real) => describe(fs.statSync(real)));
    },
    findRealPath(path) {
      try {
        const found = resolve(path, true);
        return found && fs.realpathSync(found.real);
      } catch {
        return undefined;
      }
    },
    noteGap: gaps.note,
    listGaps: gaps.list,
    listSeen: () => seen.list(openLocalFiles()),
    checkTime: budget.checkTime,
  };
}

/** Throws UnusableFile for what is there and no folder. */
function inFolder<T>(path: string, work: (path: string) => T[]): T[] {
  try {
    return work(path);
  } catch (error) {
    if (
      errnoCode(error) === "ENOTDIR" &&
      fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === false
    )
      throw new UnusableFile("it is not a folder", "unreadable");
    throw error;
  }
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

function describe(stat: fs.Stats): HostStat {
  const { uid, gid, size: sizeBytes, mtimeMs: modifiedMs, ino: inode } = stat;
  return { kind: kindOf(stat), mode: stat.mode & 0o7777, uid, gid, sizeBytes, modifiedMs, inode };
}

function kindOf(entry: fs.Dirent | fs.Stats): HostEntry["kind"] {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : "other";
}

/**
 * ESRCH: the process of a file in /proc has ended. The last three: no path of a file, so that none exists.
 */
const ABSENT = ["ENOENT", "ENOTDIR", "ESRCH", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE", "EINVAL"];
/** What files of the kernel return that have no value, e.g. the speed of an interface without a cable. */
const WITHOUT_VALUE = ["EIO", "ENODEV", "ENXIO", "EOPNOTSUPP", "ENODATA", "EAGAIN"];

function isAbsent(cause: unknown, path: string): boolean {
  const code = errnoCode(cause) ?? "";
  return ABSENT.includes(code) || (WITHOUT_VALUE.includes(code) && /^\/(?:proc|sys)\//.test(path));
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  EISDIR: "it is a folder",
  ENXIO: "not a regular file",
  EIO: "the disk reports an error",
};

function kindOfError(cause: unknown): GapKind {
  if (["EACCES", "EPERM"].includes(errnoCode(cause) ?? "")) return "not-permitted";
  if (cause instanceof BudgetSpent) return "limit";
  return cause instanceof UnusableFile ? cause.kind : "unreadable";
}

function reasonOf(cause: unknown): string {
  const code = errnoCode(cause) ?? "";
  const { message } = cause as Error;
  // The system's messages are like `EMFILE: too many open files, open '/etc/x'`.
  const [, text = message] = /^[A-Z]+: (.*?), /.exec(message) ?? [];
  return REASONS[code] ?? text;
}
