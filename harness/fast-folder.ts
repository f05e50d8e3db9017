// A parent for temporary folders: in memory, if there is room. On a disk, the tests wait: programs sync what
// they write, and ext4 searches long for a free inode after many files were deleted.
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const IN_MEMORY = "/dev/shm";

/** Returns the system's temporary folder unless the memory has twice the room. */
export function findFastFolder(bytes: number): string {
  if (process.platform !== "linux" || !existsSync(IN_MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  const [, available = "0"] = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
  return Math.min(bavail * bsize, Number(available) * 1024) >= 2 * bytes ? IN_MEMORY : tmpdir();
}
