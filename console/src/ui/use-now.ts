// One clock for all relative times on the page.
import { useSyncExternalStore } from "react";

const TICK_MS = 5_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function read(): number {
  if (!timer && Date.now() - now >= TICK_MS) now = Date.now();
  return now;
}

/** Milliseconds since 1970, updated every five seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read);
}
