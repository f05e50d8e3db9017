// How often a burst of changes makes the page fetch: at once for a single change, and less often the longer
// the burst lasts. Ten thousand hosts that enroll within a minute cost an open page about 20 fetches.

const SHORTEST_MS = 1_000;
const LONGEST_MS = 4_000;
const GROWTH = 1.5;

/** Calls `work` for changes. The last change is always followed by a call. */
export function openPace(work: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPending = false;
  let pauseMs = SHORTEST_MS;

  function rest() {
    timer = setTimeout(() => {
      timer = undefined;
      if (!isPending) {
        pauseMs = SHORTEST_MS;
        return;
      }
      pauseMs = Math.min(LONGEST_MS, pauseMs * GROWTH);
      start();
    }, pauseMs);
  }
  function start() {
    isPending = false;
    work();
    rest();
  }
  return {
    /** Something has changed. */
    note(): void {
      if (timer === undefined) start();
      else isPending = true;
    },
    stop(): void {
      clearTimeout(timer);
    },
  };
}
