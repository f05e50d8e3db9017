// Lets go of garbage in time. On its own, the runtime lets it grow to the size of what is in use, so that a
// collector of a long list would need twice its memory.

/** Garbage that is left to the runtime. */
const STEP_BYTES = 12 * 1024 * 1024;
/** Reading the size takes time, too. */
const INTERVAL_MS = 10;

let checkedAt = 0;
let smallest = Number.POSITIVE_INFINITY;

/** For loops whose length depends on the host. */
export function limitGarbage(nowMs = performance.now()): void {
  if (nowMs < checkedAt + INTERVAL_MS) return;
  checkedAt = nowMs;
  const size = process.memoryUsage.rss();
  smallest = Math.min(smallest, size);
  if (size < smallest + STEP_BYTES) return;
  Bun.gc(true);
  smallest = process.memoryUsage.rss();
}
