// Collects requests while a batch runs, and processes them in batches, so that many requests share one
// transaction or one statement.

export interface BatcherOptions<Request, Outcome> {
  /** Batches that run at the same time. */
  running: number;
  /** The minimum time from the start of one batch to the next. */
  paceMs?: number;
  /**
   * A batch waits for this time at most while each turn of the event loop brings further requests. A single
   * request does not wait. Absent: it waits for the end of the turn.
   */
  gatherMs?: number;
  /**
   * Splits the waiting requests, in their order, into the next batch and the rest. An empty batch waits for a
   * running one to end.
   */
  take: (waiting: Waiting<Request, Outcome>[]) => Split<Waiting<Request, Outcome>>;
  /**
   * Returns the outcome of each request, in the same order. An Error rejects one request, an exception the
   * whole batch.
   */
  work: (requests: Request[]) => Promise<(Outcome | Error)[]>;
}

interface Split<T> {
  batch: T[];
  rest: T[];
}

export interface Waiting<Request, Outcome> {
  request: Request;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}

export function openBatcher<Request, Outcome>(options: BatcherOptions<Request, Outcome>) {
  const { paceMs = 0, gatherMs = 0, take, work } = options;
  let waiting: Waiting<Request, Outcome>[] = [];
  let running = 0;
  let isScheduled = false;
  let mayStartAt = 0;

  function start(): void {
    isScheduled = false;
    while (running < options.running && waiting.length > 0) {
      const { batch, rest } = take(waiting);
      if (batch.length === 0) return;
      waiting = rest;
      running++;
      mayStartAt = performance.now() + paceMs;
      void carryOut(batch);
      if (paceMs > 0) {
        schedule();
        return;
      }
    }
  }

  function schedule(): void {
    if (isScheduled || waiting.length === 0 || running >= options.running) return;
    isScheduled = true;
    if (paceMs > 0) setTimeout(start, Math.max(0, mayStartAt - performance.now()));
    else setImmediate(gather, waiting.length, performance.now() + gatherMs);
  }

  /**
   * The requests of this turn of the event loop join the batch. Those that arrive while it runs join the next
   * one. `counted`: the requests that waited at the turn before.
   */
  function gather(counted: number, until: number): void {
    const { length } = waiting;
    if (length > counted && performance.now() < until) setImmediate(gather, length, until);
    else start();
  }

  async function carryOut(batch: Waiting<Request, Outcome>[]): Promise<void> {
    try {
      const outcomes = await work(batch.map(({ request }) => request));
      batch.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index];
        if (outcome === undefined || outcome instanceof Error) reject(outcome ?? new Error("No outcome"));
        else resolve(outcome);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running--;
    if (paceMs > 0) schedule();
    else start();
  }

  return {
    waiting: (): number => waiting.length,
    add(request: Request): Promise<Outcome> {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      waiting.push({ request, resolve, reject });
      schedule();
      return promise;
    },
  };
}
