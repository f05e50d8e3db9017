// How long to wait before trying again: full jitter, so that ten thousand sensors do not return at the same instant.

const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/** Milliseconds before the try after `failures` failed ones (1 or more), anywhere from 0 to the bound that doubles with each. */
export function backOffMs(failures: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30)));
}

/** A span spread by a tenth to either side: sensors that start together drift apart. */
export function jitteredMs(ms: number, random: () => number = Math.random): number {
  return Math.round(ms * (0.9 + 0.2 * random()));
}

/** A timer that is set to more fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits; returns early when the signal is aborted. */
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
