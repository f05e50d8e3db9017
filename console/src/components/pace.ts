// How often changes make the page fetch: at once for the first, then once a second, and less often the longer
// a burst lasts. Ten thousand hosts that enroll within a minute cost an open page about 20 fetches.

const SHORTEST_MS = 1_000;
const LONGEST_MS = 4_000;
const GROWTH = 1.5;
/** So many changes within a pause are a burst. */
const BURST = 3;

/** Calls `work` for changes. The last change is always followed by a call. */
export function openPace(work: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pending = 0;
  let pauseMs = SHORTEST_MS;

  function rest() {
    timer = setTimeout(() => {
      timer = undefined;
      pauseMs = pending < BURST ? SHORTEST_MS : Math.min(LONGEST_MS, pauseMs * GROWTH);
      if (pending > 0) start();
    }, pauseMs);
  }
  function start() {
    pending = 0;
    work();
    rest();
  }
  return {
    /** Something has changed. */
    note(): void {
      if (timer === undefined) start();
      else pending++;
    },
    stop(): void {
      clearTimeout(timer);
    },
  };
}
