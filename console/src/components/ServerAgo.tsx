import { exactTime } from "../ui/time.ts";
import { useSecond } from "../ui/use-now.ts";
import { type ServerClock, serverTime } from "./arrivals.ts";

interface ServerAgoProps {
  at: string;
  clock: ServerClock;
  /** Writes the text for the time of the server's clock. */
  text: (serverNow: number) => string;
}

/** A text that counts the seconds since an instant. Only it is rendered every second, not its row. */
export function ServerAgo({ at, clock, text }: ServerAgoProps) {
  const now = useSecond();
  return (
    <time dateTime={at} title={exactTime(at)}>
      {text(serverTime(clock, now))}
    </time>
  );
}
