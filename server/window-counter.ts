// Counts by key in fixed time windows, for rate limits. The counts are in memory and limited: a restart
// deletes them, and many keys cannot fill the memory.
import { setBounded } from "./bounded-map.ts";

export interface WindowLimits {
  windowMs: number;
  /** Beyond it, the key that was counted longest ago is deleted. */
  maxKeys: number;
}

export function openWindowCounter({ windowMs, maxKeys }: WindowLimits, now: () => number) {
  const windows = new Map<string, { used: number; endsAt: number }>();
  const current = (key: string) => {
    const window = windows.get(key);
    return window && window.endsAt > now() ? window : undefined;
  };
  return {
    used: (key: string): number => current(key)?.used ?? 0,
    /** Seconds until the key's window ends. */
    endsInSeconds: (key: string): number => Math.ceil(((current(key)?.endsAt ?? now()) - now()) / 1000),
    /** Adds to the count and returns it. A window begins with its first count. */
    add(key: string, amount = 1): number {
      const window = current(key) ?? { used: 0, endsAt: now() + windowMs };
      window.used += amount;
      setBounded(windows, key, window, maxKeys);
      return window.used;
    },
    subtract(key: string, amount = 1): void {
      const window = current(key);
      if (!window) return;
      window.used -= amount;
      if (window.used <= 0) windows.delete(key);
    },
    clear(key: string): void {
      windows.delete(key);
    },
  };
}
