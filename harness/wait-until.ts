// The only way in which tests wait: for a condition, with a deadline.

const POLL_MS = 20;
/** Shorter than the timeout of a test, so that the failure names the condition. */
const DEADLINE_MS = 60_000;

/** Resolves with the first truthy result of `see`. Throws an error that contains `what` at the deadline. */
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
