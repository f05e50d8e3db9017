// The files and folders that a category was read from. As long as none of them changes, the category is the
// same, and need not be collected again.
import { existsSync, lstatSync, type Stats, statSync } from "node:fs";

export interface SeenFiles {
  paths: string[];
  signature: string;
}

/** Looking at more of them each minute would take longer than the rest of a check-in. */
const MAX_PATHS = 20_000;
/** The clock of a file system is coarse: two changes within this time may look the same. */
const CLOCK_MS = 2_000;
/** Their files have no times, and their content changes all the time. */
const KERNEL_FOLDERS = ["/proc/", "/sys/"];
/** Of a process, only whether it exists. */
const PROCESS = /^\/proc\/\d+$/;

export function openSeenFiles(root: string, now: () => number = Date.now) {
  const startedAtMs = now();
  const prefix = root === "/" ? "" : root;
  const paths = new Set<string>();
  return {
    /** `path`: on this system's disk, followed or not. What does not exist counts as well. */
    add(path: string): void {
      const isOfKernel = KERNEL_FOLDERS.some((folder) => path.startsWith(prefix + folder));
      if (isOfKernel && !(prefix === "" && PROCESS.test(path))) return;
      if (paths.size <= MAX_PATHS) paths.add(path);
    },
    /**
     * Those that `isLocal`. Undefined: too many, or one changed at about the time of reading, so that a
     * change may be missed.
     */
    list(isLocal: (path: string) => boolean): SeenFiles | undefined {
      if (paths.size > MAX_PATHS) return undefined;
      const all = [...paths].filter(isLocal);
      const { signature, changedAtMs } = look(all);
      return changedAtMs < startedAtMs - CLOCK_MS ? { paths: all, signature } : undefined;
    },
  };
}

/** As they are now. */
export function seeFiles(paths: string[]): SeenFiles {
  return { paths, signature: look(paths).signature };
}

/** Whether all files are as they were. Only looks at them: reading is what this saves. */
export function isUnchanged({ paths, signature }: SeenFiles): boolean {
  return look(paths).signature === signature;
}

const NUMBERS_OF_PATH = 12;
const PATHS_AT_ONCE = 256;

/** Hashes numbers: a text of each path would take most of the time. */
function look(paths: readonly string[]): { signature: string; changedAtMs: number } {
  const numbers = new Float64Array(NUMBERS_OF_PATH * PATHS_AT_ONCE);
  let hash = 0n;
  let changedAtMs = 0;
  for (let start = 0; start < paths.length; start += PATHS_AT_ONCE) {
    numbers.fill(0);
    for (let at = 0; at < PATHS_AT_ONCE && start + at < paths.length; at++) {
      const path = paths[start + at] as string;
      const place = at * NUMBERS_OF_PATH;
      if (PROCESS.test(path)) {
        numbers[place] = Number(existsSync(path));
        continue;
      }
      const own = statOf(path, lstatSync);
      note(numbers, place, own);
      changedAtMs = Math.max(changedAtMs, own?.ctimeMs ?? 0);
      if (!own?.isSymbolicLink()) continue;
      const target = statOf(path, statSync);
      note(numbers, place + NUMBERS_OF_PATH / 2, target);
      changedAtMs = Math.max(changedAtMs, target?.ctimeMs ?? 0);
    }
    hash = Bun.hash.xxHash64(numbers, hash);
  }
  return { signature: hash.toString(16), changedAtMs };
}

/** Six zeros: it does not exist. */
function note(numbers: Float64Array, at: number, stat: Stats | undefined): void {
  if (stat === undefined) return;
  numbers[at] = stat.dev;
  numbers[at + 1] = stat.ino;
  numbers[at + 2] = stat.mode;
  numbers[at + 3] = stat.size;
  numbers[at + 4] = stat.mtimeMs;
  numbers[at + 5] = stat.ctimeMs;
}

function statOf(path: string, stat: typeof statSync | typeof lstatSync): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
