// Decides who may go on to the real check of an enrollment: only whose value is a token's. Made up values are told apart without
// a transaction, by look-ups of many values at once of which there are few in a second, whatever arrives.
import type { Database } from "../db/schema.ts";
import { listExistingHashes } from "../enrollment-tokens/enrollment-tokens-store.ts";
import { tokenUnknown } from "../enrollment-tokens/token-admission.ts";
import { openRetryAfter } from "../retry-after.ts";
import type { KnownValues } from "../route-handler.ts";

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

/** A value that does not exist now never will: we draw them. The minute is for a database that is restored under us. */
const UNKNOWN_MS = 60_000;

export function openKnownValues(
  db: Database,
  now: () => number,
  limits: typeof LIMITS = LIMITS,
): KnownValues {
  const retryAfter = openRetryAfter((limits.batch * 1_000) / limits.paceMs, now);
  const known = new Set<string>();
  const unknown = new Set<string>();
  let unknownUntil = 0;
  const waiting = new Map<string, PromiseWithResolvers<boolean>>();
  let looking = false;
  let mayLookAt = 0;

  function keep(set: Set<string>, hash: string): void {
    set.delete(hash);
    // A Set keeps insertion order: what was asked for longest ago makes room.
    if (set.size >= limits.kept) set.delete(set.keys().next().value!);
    set.add(hash);
  }

  async function lookUp(): Promise<void> {
    mayLookAt = performance.now() + limits.paceMs;
    const batch = [...waiting].slice(0, limits.batch);
    for (const [hash] of batch) waiting.delete(hash);
    try {
      const existing = await listExistingHashes(
        db,
        batch.map(([hash]) => hash),
      );
      for (const [hash, { resolve }] of batch) {
        keep(existing.has(hash) ? known : unknown, hash);
        resolve(existing.has(hash));
      }
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    }
    looking = false;
    schedule();
  }

  function schedule(): void {
    if (looking || waiting.size === 0) return;
    looking = true;
    setTimeout(lookUp, Math.max(0, mayLookAt - performance.now()));
  }

  function isUnknown(hash: string): boolean {
    if (now() >= unknownUntil) {
      unknown.clear();
      unknownUntil = now() + UNKNOWN_MS;
    }
    return unknown.has(hash);
  }

  return {
    async require(hash) {
      if (known.has(hash)) return keep(known, hash);
      if (isUnknown(hash)) throw tokenUnknown();
      let answer = waiting.get(hash);
      if (!answer) {
        if (waiting.size >= limits.waiting) {
          throw retryAfter.refuse(
            "Cannot enroll sensor: too many values that are not known are being tried; this one was not looked at",
          );
        }
        answer = Promise.withResolvers<boolean>();
        waiting.set(hash, answer);
        schedule();
      }
      if (!(await answer.promise)) throw tokenUnknown();
    },
  };
}
