// Splits long synchronous work into turns: other requests wait only a few milliseconds.

/** Well below a noticeable delay, well above the cost of a turn of the event loop. */
const TURN_MS = 5;

export function openTurns() {
  let begunAt = performance.now();
  return {
    /** Whether it is time for `next`. */
    isOver: () => performance.now() - begunAt > TURN_MS,
    /** Resolves after everything else that is ready has had its turn. */
    async next(): Promise<void> {
      await new Promise<void>((resolve) => setImmediate(resolve));
      begunAt = performance.now();
    },
  };
}
