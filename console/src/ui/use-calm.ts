import { useEffect, useRef, useState } from "react";

/** Returns the value, and a new one at most once in `everyMs`. For texts that a screen reader reads. */
export function useCalm<T>(value: T, everyMs: number): T {
  const [calm, setCalm] = useState(value);
  const changedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const waitMs = changedAt.current + everyMs - performance.now();
    const timer = setTimeout(
      () => {
        changedAt.current = performance.now();
        setCalm(value);
      },
      Math.max(0, waitMs),
    );
    return () => clearTimeout(timer);
  }, [value, everyMs]);
  return calm;
}
