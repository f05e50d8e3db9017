// Collects requests with tokens while others are worked on, and hands those with one token on together: a rollout of ten thousand hosts
// takes neither a transaction for each, nor all connections from the sensors that exist, nor memory without end.

import { openRetryAfter } from "../retry-after.ts";
import type { TokenQueue } from "../route-handler.ts";

export const TOKEN_QUEUE_LIMITS = {
  /** Batches, of different tokens: those of one would wait for the token's lock. */
  running: 4,
  batch: 100,
  waiting: 2_000,
  /** What a small machine manages: those refused are told to return at this rate. */
  perSecond: 500,
};

interface Waiting<Request, Outcome> {
  request: Request;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

/** `work` answers for each request of one token what became of it, or throws when nothing became of any. */
export function openTokenQueue<Request extends { valueHash: string }, Outcome>(
  now: () => number,
  work: (batch: Request[]) => Promise<(Outcome | Error)[]>,
  limits: typeof TOKEN_QUEUE_LIMITS = TOKEN_QUEUE_LIMITS,
): TokenQueue<Request, Outcome> {
  const retryAfter = openRetryAfter(limits.perSecond, now);
  const lines = new Map<string, Waiting<Request, Outcome>[]>();
  const running = new Set<string>();
  let waiting = 0;
  let begun = false;

  function startWaiting(): void {
    begun = false;
    for (const [valueHash, line] of [...lines]) {
      if (running.size >= limits.running) return;
      if (running.has(valueHash)) continue;
      // A Map keeps insertion order: whose turn it was goes to the end.
      lines.delete(valueHash);
      const batch = line.splice(0, limits.batch);
      if (line.length > 0) lines.set(valueHash, line);
      waiting -= batch.length;
      running.add(valueHash);
      void carryOut(valueHash, batch);
    }
  }

  async function carryOut(valueHash: string, batch: Waiting<Request, Outcome>[]): Promise<void> {
    try {
      const outcomes = await work(batch.map(({ request }) => request));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index]!;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running.delete(valueHash);
    startWaiting();
  }

  return {
    async add(request) {
      if (waiting >= limits.waiting) {
        throw retryAfter.refuse(
          `Cannot enroll sensor: ${waiting} enrollments are waiting already; nothing was changed`,
        );
      }
      return await new Promise<Outcome>((resolve, reject) => {
        const line = lines.get(request.valueHash) ?? [];
        line.push({ request, resolve, reject });
        lines.set(request.valueHash, line);
        waiting++;
        // What arrives in this turn of the event loop joins the batch; what arrives while it runs joins the next.
        if (!begun) setImmediate(startWaiting);
        begun = true;
      });
    },
  };
}
