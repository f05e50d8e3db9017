// Waits for the next check-in without its event loop: while that waits, the runtime collects garbage each
// second, which takes more CPU than the check-in. Loads nothing, because a process at rest stays that small.

/** A stopped sensor ends after this time, and looks as often whether `enroll` has replaced the identity. */
const LONGEST_SLEEP_MS = 5_000;

/** Returns whether the identity was replaced. Ends early then, and when the signal is aborted. */
export async function sleepUntilDue(
  waitMs: number,
  identityPath: string,
  signal: AbortSignal,
): Promise<boolean> {
  const endsAt = performance.now() + waitMs;
  const before = Bun.file(identityPath).lastModified;
  for (let leftMs = waitMs; leftMs > 0; leftMs = endsAt - performance.now()) {
    Bun.sleepSync(Math.min(leftMs, LONGEST_SLEEP_MS));
    // Signals arrive here, and timers are run.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) return false;
    if (Bun.file(identityPath).lastModified !== before) return true;
  }
  return false;
}
