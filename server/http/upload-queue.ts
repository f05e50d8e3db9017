// Limits the uploads that are processed at the same time. The others wait in order, with their bodies, which
// are limited too. Sensors keep what is refused, and upload it later.
import { openRetryAfter } from "../retry-after.ts";

const UPLOADS = {
  /** They share transactions. */
  running: 32,
  waiting: 500,
  /** Well below the time that a sensor waits for a reply. */
  waitMs: 10_000,
  /** The rate of a small machine while sensors check in. Retry-After spreads refused uploads at this rate. */
  perSecond: 50,
};

export interface UploadQueue {
  /** Resolves when the upload may be processed. Throws too-many-requests if it would wait for too long. */
  begin(): Promise<{ release(): void }>;
}

export function openUploadQueue(now: () => number, limits = UPLOADS): UploadQueue {
  const retryAfter = openRetryAfter(limits.perSecond, now);
  /** A Set keeps insertion order. */
  const waiting = new Set<() => void>();
  let running = 0;

  const refusal = () =>
    retryAfter.refuse(`The uploads of ${waiting.size} sensors are waiting already; nothing was changed`);

  function release(): void {
    const [next] = waiting;
    if (next) next();
    else running--;
  }

  function wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      function start() {
        clearTimeout(deadline);
        waiting.delete(start);
        resolve();
      }
      const deadline = setTimeout(() => {
        waiting.delete(start);
        reject(refusal());
      }, limits.waitMs);
      waiting.add(start);
    });
  }

  return {
    async begin() {
      if (running < limits.running) running++;
      else if (waiting.size < limits.waiting) await wait();
      else throw refusal();
      return { release };
    },
  };
}
