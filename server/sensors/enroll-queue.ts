// Lets a few enrollments be worked on at once and a bounded number wait, so that a roll-out of ten thousand hosts neither takes all
// connections to the database from the sensors that exist, nor fills the memory.

import { openRetryAfter } from "../retry-after.ts";
import type { EnrollQueue } from "../route-handler.ts";

const LIMITS = {
  running: 4,
  waiting: 2_000,
  /** What a small machine manages: those refused are told to return at this rate. */
  perSecond: 200,
};

export function openEnrollQueue(now: () => number, limits: typeof LIMITS = LIMITS): EnrollQueue {
  const retryAfter = openRetryAfter(limits.perSecond, now);
  const waiting: (() => void)[] = [];
  let running = 0;

  return {
    async run(work) {
      if (running < limits.running) running++;
      else {
        if (waiting.length >= limits.waiting) {
          throw retryAfter.refuse(
            `Cannot enroll sensor: ${waiting.length} enrollments are waiting already; nothing was changed`,
          );
        }
        // Who ends hands its place on, so that nobody slips in between.
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
