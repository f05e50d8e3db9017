// Lets only requests with the value of an existing token continue to the check of the enrollment. Invented
// values are refused without a transaction, by look-ups of many values at a time. The number of look-ups per
// second is limited.
import { openBatcher } from "../batcher.ts";
import { setBounded } from "../bounded-map.ts";
import { tokenUnknown } from "../enrollment-tokens/token-admission.ts";
import { openRetryAfter } from "../retry-after.ts";

export const KNOWN_TOKEN_LIMITS = {
  /** Values in one look-up. */
  batch: 500,
  /** Time from one look-up to the next: at most 40 per second. */
  paceMs: 25,
  /** Values that wait for a look-up: a fifth of a second at that pace. */
  waiting: 4_000,
  /** Hashes kept in memory, of values that exist and of values that do not. */
  kept: 20_000,
};

/**
 * The server draws token values at random, so an unknown value stays unknown. The limit is for a database
 * that is restored while the server runs.
 */
const UNKNOWN_MS = 60_000;

/** `findExisting` returns the hashes that belong to a token. */
export function openKnownTokens(
  findExisting: (hashes: string[]) => Promise<Set<string>>,
  now: () => number,
  limits: typeof KNOWN_TOKEN_LIMITS = KNOWN_TOKEN_LIMITS,
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
     * Resolves if the hash belongs to a token in any state. Throws token-unknown, or too-many-requests if too
     * many values wait for a look-up.
     */
    async require(hash: string): Promise<void> {
      if (known.has(hash)) return void setBounded(known, hash, true, limits.kept);
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
