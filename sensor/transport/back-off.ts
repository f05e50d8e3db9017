// Retry intervals with full jitter, so that ten thousand sensors do not retry at the same instant.

const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/**
 * Milliseconds to wait after `failures` failures (1 or more): random, up to a limit that doubles with each
 * failure.
 */
export function backOffMs(failures: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30)));
}

/** Varies a duration by up to a tenth, so that sensors that start together drift apart. */
export function jitteredMs(ms: number, random: () => number = Math.random): number {
  return Math.round(ms * (0.9 + 0.2 * random()));
}

/** A longer timer fires immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits. Returns early if the signal is aborted. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, Math.min(ms, LONGEST_TIMER_MS));
    function finish() {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    }
    signal.addEventListener("abort", finish);
  });
}
