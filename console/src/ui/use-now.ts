// One clock for all relative times on the page.
import { useSyncExternalStore } from "react";

function openClock(tickMs: number) {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let now = Date.now();
  return {
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = Date.now();
        for (const each of listeners) each();
      }, tickMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    read(): number {
      if (!timer && Date.now() - now >= tickMs) now = Date.now();
      return now;
    },
  };
}

const slow = openClock(5_000);
const fast = openClock(1_000);

/** Milliseconds since 1970, updated every five seconds. */
export function useNow(): number {
  return useSyncExternalStore(slow.subscribe, slow.read);
}

/** The same, updated every second. For few texts, each in a component of its size. */
export function useSecond(): number {
  return useSyncExternalStore(fast.subscribe, fast.read);
}
