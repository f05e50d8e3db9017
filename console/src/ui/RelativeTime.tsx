import { exactTime, relativeTime } from "./time.ts";
import { useNow } from "./use-now.ts";

/** A relative time. It shows the exact time with its zone on hover. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, Math.max(now, Math.min(Date.parse(at), now + 10_000)))}
    </time>
  );
}
