// Stores the text of audit events for searches, some time after the events: to index it costs more than to
// record an event, and enrollments record many.
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { openTurns } from "../turns.ts";
import { findTextEnds, insertTexts, listEventsWithoutText, wordsOf } from "./audit-text-store.ts";

const STORED_AT_ONCE = 400;
/** With more new events since the last run of the job, or the last step of a run, hosts are enrolling. */
const BUSY = { sinceRun: 500, sinceStep: 20 };

/** `mayGoOn` receives the number of the last event. */
async function storeWhile(db: Database, mayGoOn: (last: number) => boolean): Promise<void> {
  const turns = openTurns("job");
  for (;;) {
    const ends = await findTextEnds(db);
    if (ends.stored >= ends.last || !mayGoOn(ends.last)) return;
    await inTransaction(db, async (tx) => {
      const rows = await listEventsWithoutText(tx, ends, STORED_AT_ONCE);
      await insertTexts(
        tx,
        rows.map(({ sequence, ...event }) => ({ sequence, words: wordsOf(event) })),
      );
    });
    await turns.next();
  }
}

/** Returns the work of the job. It leaves the CPU to hosts that enroll, and stores all texts after them. */
export function openTextJob(db: Database): () => Promise<void> {
  let lastSeen: number | undefined;
  return async () => {
    let most = BUSY.sinceRun;
    await storeWhile(db, (last) => {
      const added = last - (lastSeen ?? last);
      lastSeen = last;
      if (added > most) return false;
      most = BUSY.sinceStep;
      return true;
    });
  };
}
