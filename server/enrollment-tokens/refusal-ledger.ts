// Writes refusals to the ledger: immediately while a token has few, and in batches when it has many. Ten
// thousand hosts that retry an expired token use memory for their rows and one statement every few seconds.
// Waiting refusals are lost when the server is killed. Accepted attempts are not written here.
import { setBounded } from "../bounded-map.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentAttemptTable } from "../db/schema-tokens.ts";
import { inTransaction } from "../db/transaction.ts";
import { openTurns } from "../turns.ts";
import { openWindowCounter } from "../window-counter.ts";
import { deleteOldRefusals, upsertRefusals } from "./attempts-store.ts";
import { addRefusedAttempts } from "./enrollment-tokens-store.ts";

export const REFUSAL_LIMITS = {
  /** Refusals of one token that are written immediately. */
  atOncePerSecond: 25,
  /** Rows of one flush. */
  batch: 500,
  /** Rows of one transaction, which other transactions may have to wait for. */
  writtenAtOnce: 100,
  /** Hosts. Beyond that, those that have waited longest are dropped. */
  waiting: 10_000,
  /** Latest refusals that are kept for each token. Accepted attempts are always kept. */
  kept: 10_000,
};

export function openRefusalLedger(
  db: Database,
  now: () => number,
  limits: typeof REFUSAL_LIMITS = REFUSAL_LIMITS,
) {
  const waiting = new Map<string, EnrollmentAttemptTable>();
  const grown = new Set<string>();
  const writtenAtOnce = openWindowCounter({ windowMs: 1_000, maxKeys: limits.waiting }, now);

  const mayWriteAtOnce = (tokenId: string) => writtenAtOnce.add(tokenId) <= limits.atOncePerSecond;

  function wait(row: EnrollmentAttemptTable): void {
    const key = keyOf(row);
    const earlier = waiting.get(key);
    if (earlier) waiting.set(key, sum(earlier, row));
    else setBounded(waiting, key, row, limits.waiting);
  }

  async function write(rows: EnrollmentAttemptTable[]): Promise<void> {
    for (const { enrollmentTokenId } of rows) grown.add(enrollmentTokenId);
    // Always in the same order, to avoid deadlocks with other servers.
    const ordered = rows.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
    await inTransaction(db, async (tx) => {
      await upsertRefusals(tx, ordered);
      await addRefusedAttempts(tx, countByToken(ordered));
      await announce(tx, "enrollment-attempt");
    });
  }

  /**
   * Writes up to `most` refusals, those that have waited longest first. They wait again if the write fails.
   */
  async function writeWaiting(most: number): Promise<void> {
    const batch = waiting.entries().take(most).toArray();
    for (const [key] of batch) waiting.delete(key);
    try {
      await write(batch.map(([, row]) => row));
    } catch (error) {
      for (const [, row] of batch) wait(row);
      throw error;
    }
  }

  /** Deletes some of a token's refusals beyond the limit. Returns the number of rows. */
  async function removeOld(tokenId: string): Promise<number> {
    return await inTransaction(db, async (tx) => {
      const removed = await deleteOldRefusals(tx, tokenId, limits.kept, limits.writtenAtOnce);
      const attempts = removed.reduce((sum, row) => sum + row.attempts, 0);
      if (attempts > 0) await addRefusedAttempts(tx, new Map([[tokenId, -attempts]]));
      return removed.length;
    });
  }

  return {
    /** Writes the refusal, or keeps it for a flush when its token has too many. */
    async record(row: EnrollmentAttemptTable): Promise<void> {
      if (waiting.has(keyOf(row)) || !mayWriteAtOnce(row.enrollmentTokenId)) wait(row);
      else await write([row]);
    },
    /** Writes some of the waiting refusals and deletes old ones. Returns how many still wait. */
    async flush(): Promise<number> {
      const turns = openTurns("job");
      for (let left = limits.batch; left > 0 && waiting.size > 0; left -= limits.writtenAtOnce) {
        await writeWaiting(Math.min(left, limits.writtenAtOnce));
        await turns.next();
      }
      for (const tokenId of grown) {
        grown.delete(tokenId);
        while ((await removeOld(tokenId)) === limits.writtenAtOnce) await turns.next();
        if (turns.isOver()) await turns.next();
      }
      return waiting.size;
    },
  };
}

export type RefusalLedger = ReturnType<typeof openRefusalLedger>;

function countByToken(rows: EnrollmentAttemptTable[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { enrollmentTokenId, attempts } of rows)
    counts.set(enrollmentTokenId, (counts.get(enrollmentTokenId) ?? 0) + attempts);
  return counts;
}

/** After a failed write, a row that waits again can be older than one that was added since. */
function sum(one: EnrollmentAttemptTable, other: EnrollmentAttemptTable): EnrollmentAttemptTable {
  const latest = one.at > other.at ? one : other;
  return {
    ...latest,
    firstAt: Math.min(one.firstAt, other.firstAt),
    attempts: one.attempts + other.attempts,
  };
}

const keyOf = ({ enrollmentTokenId, reference }: EnrollmentAttemptTable) =>
  `${enrollmentTokenId} ${reference}`;
