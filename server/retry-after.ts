// Chooses how long refused clients wait before they retry. The time is random within a window, so that they
// do not retry at the same time. The window is as long as serving all recently refused clients should take. A
// client that retries too soon is refused again, which widens the window.
import { Problem } from "@attacklens/protocol/problems.ts";

const SPAN_MS = 10_000;
const SHORTEST_SECONDS = 5;
const LONGEST_SECONDS = 300;

/** `perSecond`: the number of clients that a server on a small machine can serve. */
export function openRetryAfter(perSecond: number, now: () => number, random: () => number = Math.random) {
  let endsAt = 0;
  let refused = 0;
  let refusedBefore = 0;

  return {
    /** Returns the refusal to throw: too-many-requests with an individual Retry-After. */
    refuse(detail: string): Problem {
      if (now() >= endsAt) {
        refusedBefore = now() < endsAt + SPAN_MS ? refused : 0;
        refused = 0;
        endsAt = now() + SPAN_MS;
      }
      refused++;
      const seconds = (refusedBefore + refused) / perSecond;
      const window = Math.min(Math.max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS);
      const retryAfterSeconds = 1 + Math.floor(random() * window);
      return new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
    },
  };
}

export type RetryAfter = ReturnType<typeof openRetryAfter>;
