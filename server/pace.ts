// Divides the event loop between check-ins and long work. Long work runs in pieces of a few milliseconds, one
// after the other. While many sensors check in, a pause follows each piece, so that long work takes a third
// of the time at most (pause-ratio.ts). Otherwise, it waits only for requests that have arrived. What
// PostgreSQL does for long work has slots (slots.ts).
import { openPauseRatio } from "./pause-ratio.ts";
import { openSlots } from "./slots.ts";

/** What long work is for. Each kind has its turn, so that none waits for all work of another. */
export type LongWork = "page" | "export" | "upload" | "write" | "job";

/** So many requests make the loop busy. Fewer take a small part of the time, and wait for a piece at most. */
const BUSY = { requests: 50, withinMs: 100 };
/** From this rate on, long work on PostgreSQL takes its share. Below it, the pauses are shorter. */
const FULL_RATE_PER_SECOND = 4_000;
/** The length of a piece. When the loop is quiet, longer ones let more requests share a commit. */
const PIECE_MS = { busy: 2, quiet: 5 };
/** Pieces of one turn that are shorter than this together. */
const SHORT_MS = { busy: 1, quiet: 5 };
const PIECES_OF_TURN = 8;

/** Callbacks of an event loop. */
export interface Loop {
  now(): number;
  /** Runs it after the events that have arrived. Promises that one callback settles go before the next. */
  soon(run: () => void): void;
  later(run: () => void, ms: number): void;
}

const EVENT_LOOP: Loop = {
  now: () => performance.now(),
  soon: (run) => void setImmediate(run),
  later: (run, ms) => void setTimeout(run, ms),
};

export function openPace({ now, soon, later }: Loop = EVENT_LOOP) {
  /** A Map keeps insertion order, so the kind whose turn is longest ago is first. */
  const waiting = new Map<LongWork, (() => void)[]>();
  let isScheduled = false;
  let begunAt = 0;
  let mayBeginAt = 0;
  let span = { endsAt: 0, arrived: 0, arrivedBefore: 0 };

  /** Returns the span of the present time. */
  function presentSpan() {
    const at = now();
    if (at >= span.endsAt) {
      const arrivedBefore = at < span.endsAt + BUSY.withinMs ? span.arrived : 0;
      span = { endsAt: at + BUSY.withinMs, arrived: 0, arrivedBefore };
    }
    return span;
  }

  function arrivals(): number {
    const { arrived, arrivedBefore } = presentSpan();
    return Math.max(arrived, arrivedBefore);
  }

  const load = () => (arrivals() >= BUSY.requests ? "busy" : "quiet");

  const pauseRatio = openPauseRatio(now);
  const { slot } = openSlots({
    ...{ now, later },
    pauseRatio() {
      const requests = arrivals();
      if (requests < BUSY.requests) return 0;
      const perSecond = (requests * 1_000) / BUSY.withinMs;
      return pauseRatio.present() * Math.min(1, perSecond / FULL_RATE_PER_SECOND);
    },
  });

  function schedule(): void {
    if (isScheduled || waiting.size === 0) return;
    isScheduled = true;
    const pauseMs = load() === "busy" ? mayBeginAt - now() : 0;
    if (pauseMs > 0) later(runTurn, pauseMs);
    else runTurn();
  }

  /** Measures a piece until its next event, such as a reply of PostgreSQL. */
  function runTurn(): void {
    soon(() => {
      begunAt = now();
      runNext();
    });
    for (let piece = 1; piece < PIECES_OF_TURN; piece++)
      soon(() => {
        if (now() - begunAt < SHORT_MS[load()]) runNext();
      });
    soon(() => {
      const endedAt = now();
      mayBeginAt = endedAt + (endedAt - begunAt) * pauseRatio.present();
      isScheduled = false;
      schedule();
    });
  }

  function runNext(): void {
    const [first] = waiting;
    if (!first) return;
    const [kind, line] = first;
    const next = line.shift();
    waiting.delete(kind);
    if (line.length > 0) waiting.set(kind, line);
    next?.();
  }

  return {
    /** A request has arrived that must not wait for long work. */
    urgent: (): void => void presentSpan().arrived++,
    /** Such requests are durable. See `openPauseRatio`. */
    committed: pauseRatio.committed,
    /** The time after which long work must wait for its next turn. */
    pieceMs: (): number => PIECE_MS[load()],
    /** Resolves when the next piece of long work may run. */
    turn(kind: LongWork): Promise<void> {
      return new Promise((resolve) => {
        const line = waiting.get(kind);
        if (line) line.push(resolve);
        else waiting.set(kind, [resolve]);
        schedule();
      });
    },
    slot,
  };
}

/** Of the event loop of this process. */
export const pace = openPace();
