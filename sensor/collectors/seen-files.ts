// The files and folders that a category was read from. As long as none of them changes, the category is the
// same, and need not be collected again.
import { lstatSync, type Stats, statSync } from "node:fs";

export interface SeenFiles {
  paths: string[];
  signature: string;
}

/** More are not worth comparing each minute. */
const MAX_PATHS = 5_000;
/** The clock of a file system is coarse: two changes within this time may look the same. */
const CLOCK_MS = 2_000;
/** Their files have no times, and their content changes all the time. */
const KERNEL_FOLDERS = ["/proc/", "/sys/"];

export function openSeenFiles(root: string, now: () => number = Date.now) {
  const startedAtMs = now();
  const prefix = root === "/" ? "" : root;
  const paths = new Set<string>();
  return {
    /** `path`: on this system's disk, followed or not. What does not exist counts as well. */
    add(path: string): void {
      if (paths.size <= MAX_PATHS && !KERNEL_FOLDERS.some((folder) => path.startsWith(prefix + folder)))
        paths.add(path);
    },
    /** Undefined: too many, or one changed at about the time of reading, so that a change may be missed. */
    list(): SeenFiles | undefined {
      if (paths.size > MAX_PATHS) return undefined;
      const all = [...paths];
      const { signature, changedAtMs } = look(all);
      return changedAtMs < startedAtMs - CLOCK_MS ? { paths: all, signature } : undefined;
    },
  };
}

/** Whether all files are as they were. Only looks at them: reading is what this saves. */
export function isUnchanged({ paths, signature }: SeenFiles): boolean {
  return look(paths).signature === signature;
}

function look(paths: readonly string[]): { signature: string; changedAtMs: number } {
  const hash = new Bun.CryptoHasher("sha256");
  let changedAtMs = 0;
  const note = (stat: Stats | undefined) => {
    changedAtMs = Math.max(changedAtMs, stat?.ctimeMs ?? 0);
    hash.update(
      stat ? `${stat.dev} ${stat.ino} ${stat.mode} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}\n` : "-\n",
    );
  };
  for (const path of paths) {
    const own = statOf(path, lstatSync);
    note(own);
    if (own?.isSymbolicLink()) note(statOf(path, statSync));
  }
  return { signature: hash.digest("hex"), changedAtMs };
}

function statOf(path: string, stat: typeof statSync | typeof lstatSync): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
