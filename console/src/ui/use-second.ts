import { useEffect, useState } from "react";

/** Milliseconds since 1970 by the browser's clock, updated every second while `isOn`. */
export function useSecond(isOn: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isOn) return;
    const tick = () => setNow(Date.now());
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [isOn]);
  return now;
}
