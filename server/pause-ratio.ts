// Sets how long long work pauses, by the time that check-ins wait for their commit. If that is much longer
// than a commit takes, check-ins and long work together need more time than there is, so pauses get longer.

/** The part of the time that long work takes, before check-ins have waited. */
export const SHARE = 0.25;
/** Pauses as multiples of the work before them. */
export const PAUSE_RATIO = { first: 1 / SHARE - 1, least: 2, most: 10 };
/** Waits below this time are acceptable. So are those of so many commits, where a commit takes long. */
const ACCEPTABLE = { ms: 3, commits: 4 };
const WINDOW_MS = 100;
/** After a window with longer waits, pauses are longer by this factor. */
const FACTOR = 1.5;
/** After any other window, they are shorter by this part of the work before them. */
const STEP = 0.25;
/** The shortest commit of this time shows how long one takes without other work. */
const COMMITS_FOR_MS = 30_000;

export function openPauseRatio(now: () => number) {
  let ratio = PAUSE_RATIO.first;
  let window = { endsAt: 0, waitedMs: 0, commits: 0 };
  let shortest = { endsAt: 0, ms: Number.POSITIVE_INFINITY, beforeMs: Number.POSITIVE_INFINITY };

  function acceptableMs(): number {
    return Math.max(ACCEPTABLE.ms, ACCEPTABLE.commits * Math.min(shortest.ms, shortest.beforeMs));
  }

  function adjust(): void {
    const isLate = window.waitedMs > window.commits * acceptableMs();
    ratio = isLate ? Math.min(PAUSE_RATIO.most, ratio * FACTOR) : Math.max(PAUSE_RATIO.least, ratio - STEP);
  }

  return {
    present: (): number => ratio,
    /**
     * A batch of check-ins is durable. `waitedMs`: since the first of them arrived. `commitMs`: since its
     * statement began.
     */
    committed(waitedMs: number, commitMs: number): void {
      const at = now();
      if (at >= shortest.endsAt)
        shortest = { endsAt: at + COMMITS_FOR_MS, ms: commitMs, beforeMs: shortest.ms };
      else if (commitMs < shortest.ms) shortest.ms = commitMs;
      if (at >= window.endsAt) {
        if (window.commits > 0) adjust();
        window = { endsAt: at + WINDOW_MS, waitedMs: 0, commits: 0 };
      }
      window.waitedMs += waitedMs;
      window.commits++;
    },
  };
}
