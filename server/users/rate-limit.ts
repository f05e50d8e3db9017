// Counts attempts in windows of time, so that guessing is slow. Kept in memory: a restart forgives, a flood cannot grow it.
import { Problem } from "@attacklens/protocol/problems.ts";

const WINDOW_MS = 15 * 60_000;
const MAX_KEYS = 10_000;

export interface Attempts {
  /** Throws too-many-requests when the key has no attempt left in the window. */
  check(key: string): void;
  /** Before the outcome is known: of attempts made at once, none goes free. */
  count(key: string): void;
  /** For an attempt that was no failure after all. */
  refund(key: string): void;
  clear(key: string): void;
}

export function countAttempts(maxAttempts: number, now: () => number): Attempts {
  const windows = new Map<string, { attempts: number; endsAt: number }>();
  const current = (key: string) => {
    const window = windows.get(key);
    return window && window.endsAt > now() ? window : undefined;
  };
  return {
    check(key) {
      const window = current(key);
      if (!window || window.attempts < maxAttempts) return;
      const retryAfterSeconds = Math.ceil((window.endsAt - now()) / 1000);
      throw new Problem(
        "too-many-requests",
        `Too many failed attempts; possible again in ${Math.ceil(retryAfterSeconds / 60)} min`,
        {
          extras: { retryAfterSeconds },
        },
      );
    },
    count(key) {
      const window = current(key);
      if (window) {
        window.attempts++;
        return;
      }
      // A Map keeps insertion order: the oldest window makes room.
      if (windows.size >= MAX_KEYS) windows.delete(windows.keys().next().value!);
      windows.delete(key);
      windows.set(key, { attempts: 1, endsAt: now() + WINDOW_MS });
    },
    refund(key) {
      const window = current(key);
      if (window && --window.attempts <= 0) windows.delete(key);
    },
    clear(key) {
      windows.delete(key);
    },
  };
}
