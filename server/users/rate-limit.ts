// Limits failed attempts per time window, so that guessing is slow.
import { Problem } from "@attacklens/protocol/problems.ts";
import { openWindowCounter } from "../window-counter.ts";

const LIMITS = { windowMs: 15 * 60_000, maxKeys: 10_000 };

export function countAttempts(maxAttempts: number, now: () => number) {
  const counter = openWindowCounter(LIMITS, now);
  return {
    /** Throws too-many-requests if the key has no attempt left in the window. */
    check(key: string): void {
      if (counter.used(key) < maxAttempts) return;
      const retryAfterSeconds = counter.endsInSeconds(key);
      const detail = `Too many failed attempts; possible again in ${Math.ceil(retryAfterSeconds / 60)} min`;
      throw new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
    },
    /** Counts an attempt before its outcome is known, so that simultaneous attempts all count. */
    count: (key: string): void => void counter.add(key),
    /** Uncounts an attempt that succeeded. */
    refund: (key: string): void => counter.subtract(key),
    clear: counter.clear,
  };
}

export type Attempts = ReturnType<typeof countAttempts>;
