// Limits failed attempts per time window, so that guessing is slow.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { openWindowCounter } from "../window-counter.ts";
import * as store from "./failed-attempts-store.ts";

const WINDOW = { windowMs: 15 * 60_000, maxKeys: 10_000 };

/** Failed attempts in a window. */
const MAX_ATTEMPTS = {
  /** For one email from one address, so that guesses from elsewhere do not lock the user out. */
  signIn: 10,
  /** From one address for any email. */
  signInFromAddress: 100,
  /** From one IPv6 /48. The limit does not apply to addresses of earlier sign-ins. */
  signInFromNetwork: 200,
  /** Codes for one user from one address. */
  secondFactor: 10,
  /** Codes for one user from all unknown addresses: less than one guess in 10,000 succeeds in a day. */
  secondFactorFromAnywhere: 30,
  /** Replies of passkeys from one address, because each costs a verification. */
  passkey: 10,
  wrongCode: 10,
  wrongCodeFromAnywhere: 1_000,
  /** Values that no one-time link has. */
  unknownLink: 10,
  unknownLinkFromAnywhere: 1_000,
};

/** A limit, and whose attempts count together. */
export type AttemptKey = [keyof typeof MAX_ATTEMPTS, string];

/** `succeeded` clears the first key and uncounts the attempt from the others. `not-made` uncounts it. */
export type AttemptOutcome = "succeeded" | "not-made";

/** The counts of failed attempts, which the processes of a server share. */
export interface AttemptCounts {
  /**
   * Counts the attempt as a failure until it succeeds, so that simultaneous attempts all count. Returns the
   * seconds until the next attempt is possible; null: it is counted.
   */
  begin(keys: AttemptKey[]): Promise<number | null>;
  end(keys: AttemptKey[], outcome: AttemptOutcome): Promise<void>;
}

export function countAttempts(now: () => number): AttemptCounts {
  const names = Object.keys(MAX_ATTEMPTS) as (keyof typeof MAX_ATTEMPTS)[];
  const counters = Object.fromEntries(names.map((name) => [name, openWindowCounter(WINDOW, now)])) as Record<
    keyof typeof MAX_ATTEMPTS,
    ReturnType<typeof openWindowCounter>
  >;
  return {
    async begin(keys) {
      for (const [name, key] of keys)
        if (counters[name].used(key) >= MAX_ATTEMPTS[name]) return counters[name].endsInSeconds(key);
      for (const [name, key] of keys) counters[name].add(key);
      return null;
    },
    async end(keys, outcome) {
      for (const [index, [name, key]] of keys.entries()) {
        if (outcome === "succeeded" && index === 0) counters[name].clear(key);
        else counters[name].subtract(key);
      }
    },
  };
}

/**
 * Counts in the database, so that all servers share the limits. For attempts that need a correct password
 * first, because each one writes.
 */
export function countStoredAttempts(db: Database, now: () => number): AttemptCounts {
  async function begin(tx: Database, keys: AttemptKey[]): Promise<number | null> {
    const at = now();
    await store.deleteAttemptsBefore(tx, at);
    const counted: AttemptKey[] = [];
    for (const key of keys) {
      const [kind, subject] = key;
      const attempt = { kind, subject, endsAt: at + WINDOW.windowMs };
      if (!(await store.insertAttempt(tx, attempt, MAX_ATTEMPTS[kind]))) {
        await end(tx, counted, "not-made");
        const endsAt = (await store.findWindowEnd(tx, kind, subject)) ?? at;
        return Math.max(1, Math.ceil((endsAt - at) / 1000));
      }
      counted.push(key);
    }
    return null;
  }

  async function end(tx: Database, keys: AttemptKey[], outcome: AttemptOutcome): Promise<void> {
    for (const [index, [kind, subject]] of keys.entries()) {
      if (outcome === "succeeded" && index === 0) await store.deleteAttempts(tx, kind, subject);
      else await store.uncountAttempt(tx, kind, subject);
    }
  }

  return {
    begin: (keys) => inTransaction(db, (tx) => begin(tx, keys)),
    end: (keys, outcome) => inTransaction(db, (tx) => end(tx, keys, outcome)),
  };
}

/** Throws too-many-requests if one of the keys has no attempt left in its window. */
export async function beginAttempt(counts: AttemptCounts, keys: AttemptKey[]): Promise<void> {
  const retryAfterSeconds = await counts.begin(keys);
  if (retryAfterSeconds === null) return;
  const detail = `Too many failed attempts; possible again in ${Math.ceil(retryAfterSeconds / 60)} min`;
  throw new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
}
