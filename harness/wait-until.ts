// The only way in which a test waits: for something to be so, and not longer than a deadline.

const POLL_MS = 20;
/** Shorter than a test may take, so that the failure names what did not happen. */
const DEADLINE_MS = 45_000;

/** Resolves with what `see` returns as soon as that is truthy. Throws what was waited for when the deadline passes. */
export async function waitUntil<T>(
  what: string,
  see: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await see();
    if (seen) return seen;
    if (performance.now() > end) throw new Error(`Not within ${deadlineMs / 1000} s: ${what}`);
    await Bun.sleep(POLL_MS);
  }
}
