// How long whom the server cannot serve now is told to stay away: anywhere in a window as long as serving all of those refused
// lately would take, so that they neither return at one instant nor sooner than there is room.
import { Problem } from "@attacklens/protocol/problems.ts";

const SPAN_MS = 10_000;
const SHORTEST_SECONDS = 5;
const LONGEST_SECONDS = 300;

export function openRetryAfter(now: () => number, random: () => number = Math.random) {
  let span = { endsAt: 0, served: 0, refused: 0 };
  let before = span;

  function current() {
    if (now() >= span.endsAt) {
      before = now() < span.endsAt + SPAN_MS ? span : { endsAt: 0, served: 0, refused: 0 };
      span = { endsAt: now() + SPAN_MS, served: 0, refused: 0 };
    }
    return span;
  }

  return {
    served(): void {
      current().served++;
    },
    /** The refusal to throw: too-many-requests with a Retry-After of its own. */
    refuse(detail: string): Problem {
      current().refused++;
      const perSecond = (before.served + span.served) / ((2 * SPAN_MS) / 1000);
      const seconds = (before.refused + span.refused) / Math.max(perSecond, 0.1);
      const window = Math.min(Math.max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS);
      const retryAfterSeconds = 1 + Math.floor(random() * window);
      return new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
    },
  };
}

export type RetryAfter = ReturnType<typeof openRetryAfter>;
