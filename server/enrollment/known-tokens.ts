// Lets only requests with the value of a token continue to the real check of an enrollment. Invented values
// are recognized without a transaction, by look-ups of many values at a time. The number of look-ups per
// second is bounded, whatever arrives.
import { openBatcher } from "../batcher.ts";
import { setBounded } from "../bounded-map.ts";
import { tokenUnknown } from "../enrollment-tokens/token-admission.ts";
import { openRetryAfter } from "../retry-after.ts";

const LIMITS = {
  /** Values of one look-up. */
  batch: 500,
  /** From one look-up to the next: 40 a second at the most. */
  paceMs: 25,
  /** Values that wait for a look-up; a fifth of a second at that pace. */
  waiting: 4_000,
  /** Hashes kept in memory, of values that exist and of values that do not. */
  kept: 20_000,
};

/**
 * A value that does not exist now never will: we draw them. The minute is for a database that is restored
 * under us.
 */
const UNKNOWN_MS = 60_000;

/** `findExisting` returns those of the hashes that tokens have. */
export function openKnownTokens(
  findExisting: (hashes: string[]) => Promise<Set<string>>,
  now: () => number,
  limits: typeof LIMITS = LIMITS,
) {
  const retryAfter = openRetryAfter((limits.batch * 1_000) / limits.paceMs, now);
  const known = new Map<string, true>();
  const unknown = new Map<string, true>();
  let unknownUntil = 0;
  const asked = new Map<string, Promise<boolean>>();
  const lookUps = openBatcher<string, boolean>({
    running: 1,
    paceMs: limits.paceMs,
    take: (waiting) => ({ batch: waiting.slice(0, limits.batch), rest: waiting.slice(limits.batch) }),
    async work(hashes) {
      const existing = await findExisting(hashes);
      return hashes.map((hash) => existing.has(hash));
    },
  });

  async function lookUp(hash: string): Promise<boolean> {
    try {
      const exists = await lookUps.add(hash);
      setBounded(exists ? known : unknown, hash, true, limits.kept);
      return exists;
    } finally {
      asked.delete(hash);
    }
  }

  function isUnknown(hash: string): boolean {
    if (now() >= unknownUntil) {
      unknown.clear();
      unknownUntil = now() + UNKNOWN_MS;
    }
    return unknown.has(hash);
  }

  return {
    /**
     * Returns when the hash is of a token's value, whatever the token's state is. Throws token-unknown, or
     * too-many-requests when too many unknown values are being tried.
     */
    async require(hash: string): Promise<void> {
      if (known.has(hash)) return setBounded(known, hash, true, limits.kept);
      if (isUnknown(hash)) throw tokenUnknown();
      let looking = asked.get(hash);
      if (!looking) {
        if (lookUps.waiting() >= limits.waiting) {
          throw retryAfter.refuse(
            "Cannot enroll sensor: too many values that are not known are being tried; this one was not looked at",
          );
        }
        looking = lookUp(hash);
        asked.set(hash, looking);
      }
      if (!(await looking)) throw tokenUnknown();
    },
  };
}

export type KnownTokens = ReturnType<typeof openKnownTokens>;
