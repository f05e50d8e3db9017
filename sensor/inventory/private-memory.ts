// The memory that another process shares with no other: the program itself is not part of it.
import { readFileSync } from "node:fs";

/** Bytes; undefined on systems without /proc, and for a process that has ended. */
export function privateMemoryOf(processId: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${processId}/status`, "utf8");
    // Linux before 4.5 shows only the whole.
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
