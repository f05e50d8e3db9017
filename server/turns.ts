// Splits long synchronous work into turns: other requests wait only a few milliseconds.

/** Well below a noticeable delay, well above the cost of a turn of the event loop. */
const TURN_MS = 5;

export function openTurns() {
  let begunAt = performance.now();
  return {
    /** Returns whether it is time for `next`. */
    isOver: () => performance.now() - begunAt > TURN_MS,
    /** Resolves after all other pending work of the event loop has run. */
    async next(): Promise<void> {
      await new Promise<void>((resolve) => setImmediate(resolve));
      begunAt = performance.now();
    },
  };
}
