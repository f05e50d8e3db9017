// Collects requests with tokens, and processes requests with the same token in batches. So a rollout of ten
// thousand hosts does not need a transaction per host, all connections, or unlimited memory.

import { openBatcher } from "../batcher.ts";
import { openRetryAfter } from "../retry-after.ts";

export const TOKEN_QUEUE_LIMITS = {
  /** Simultaneous batches, each of a different token: two of the same token would wait for its lock. */
  running: 4,
  /** More would share a commit, but a batch delays every other request while SQLite writes it. */
  batch: 256,
  /** How long a batch waits for requests that arrive one after another. */
  gatherMs: 0,
  waiting: 2_000,
  /** The rate of a small machine. Retry-After spreads refused hosts over time at this rate. */
  perSecond: 1_000,
};

/**
 * For a database in the server's process: it writes about 200 pages for a batch however few hosts it has.
 * Another process works while the next requests arrive, and would only wait for them.
 */
export const GATHERING_QUEUE_LIMITS = { ...TOKEN_QUEUE_LIMITS, gatherMs: 10 };

/**
 * All requests of a batch have the same token. `work` returns the outcome of each, or throws for the whole
 * batch.
 */
export function openTokenQueue<Request extends { valueHash: string }, Outcome>(
  now: () => number,
  work: (batch: Request[]) => Promise<(Outcome | Error)[]>,
  limits: typeof TOKEN_QUEUE_LIMITS = TOKEN_QUEUE_LIMITS,
) {
  const retryAfter = openRetryAfter(limits.perSecond, now);
  const running = new Set<string>();
  const batcher = openBatcher<Request, Outcome>({
    ...{ running: limits.running, gatherMs: limits.gatherMs },
    /** Takes requests with one token. Its other requests move to the end of the queue. */
    take(waiting) {
      const token = waiting.find(({ request }) => !running.has(request.valueHash))?.request.valueHash;
      if (token === undefined) return { batch: [], rest: waiting };
      running.add(token);
      const own = waiting.filter(({ request }) => request.valueHash === token);
      const others = waiting.filter(({ request }) => request.valueHash !== token);
      return { batch: own.slice(0, limits.batch), rest: [...others, ...own.slice(limits.batch)] };
    },
    async work(batch) {
      try {
        return await work(batch);
      } finally {
        for (const { valueHash } of batch) running.delete(valueHash);
      }
    },
  });

  return {
    /**
     * Returns after the commit. Throws too-many-requests if too many requests wait, and the refusal of the
     * request.
     */
    async add(request: Request): Promise<Outcome> {
      const waiting = batcher.waiting();
      if (waiting >= limits.waiting) {
        throw retryAfter.refuse(
          `Cannot enroll sensor: ${waiting} enrollments are waiting already; nothing was changed`,
        );
      }
      return await batcher.add(request);
    },
  };
}

export type TokenQueue<Request extends { valueHash: string }, Outcome> = ReturnType<
  typeof openTokenQueue<Request, Outcome>
>;
