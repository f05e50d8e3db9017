// The only way in which tests wait: for a condition, with a deadline.

const POLL_MS = 20;
/** A check that starts a process takes a core otherwise, which other tests need. */
const PAUSE_PER_CHECK = 4;
const MAX_PAUSE_MS = 500;
/** Shorter than the timeout of a test, so that the failure names the condition. */
const DEADLINE_MS = 60_000;

/**
 * Resolves with the first truthy result of `see`. The longer `see` takes, the less often it is called. Throws
 * an error that contains `what` at the deadline.
 */
export async function waitUntil<T>(
  what: string,
  see: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const begin = performance.now();
    const seen = await see();
    if (seen) return seen;
    const now = performance.now();
    if (now > end) throw new Error(`Not within ${deadlineMs / 1000} s: ${what}`);
    const pause = Math.min((now - begin) * PAUSE_PER_CHECK, MAX_PAUSE_MS);
    await Bun.sleep(Math.max(pause, POLL_MS));
  }
}
