// Counts by key in fixed windows of time: rate limits. Kept in memory: a restart forgets the counts, and a
// flood of keys cannot fill the memory.
import { setBounded } from "./bounded-map.ts";

export interface WindowLimits {
  windowMs: number;
  /** Beyond it, the key that was counted longest ago makes room. */
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
    /** A window begins with its first count. Returns the count with the amount. */
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
