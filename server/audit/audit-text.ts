// Stores the text of audit events for searches, some time after the events: to index it costs more than to
// record an event, and enrollments record many.
import { auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { foldText } from "../ids.ts";
import { openTurns } from "../turns.ts";
import { findTextEnds, insertTexts, listEventsWithoutText } from "./audit-text-store.ts";

const STORED_AT_ONCE = 400;
/** With more new events since the last run of the job, or the last step of a run, hosts are enrolling. */
const BUSY = { sinceRun: 500, sinceStep: 20 };
const MAX_WORDS = 2_000;

/** Stores the text of all events, before a search. */
export async function storeTexts(db: Database): Promise<void> {
  await storeWhile(db, () => true);
}

/** `mayGoOn` receives the number of the last event. */
async function storeWhile(db: Database, mayGoOn: (last: number) => boolean): Promise<void> {
  const turns = openTurns("job");
  for (;;) {
    const ends = await findTextEnds(db);
    if (ends.stored >= ends.last || !mayGoOn(ends.last)) return;
    await inTransaction(db, async (tx) => {
      const rows = await listEventsWithoutText(tx, ends, STORED_AT_ONCE);
      await insertTexts(tx, rows.map(textOf));
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

type TextRow = Awaited<ReturnType<typeof listEventsWithoutText>>[number];

function textOf({ sequence, actorName, action, entityName, entityId, address, details }: TextRow) {
  const values = [...leaves(JSON.parse(details))];
  const parts = [actorName, auditActionWords(action), action, entityName, entityId, address, ...values];
  const text = parts.filter((part) => part !== null && part !== "").join(" ");
  return { sequence, words: foldText(text).slice(0, MAX_WORDS) };
}

/** Yields the texts and numbers in a JSON value. */
function* leaves(value: unknown): Generator<string> {
  if (typeof value === "string" || typeof value === "number") yield String(value);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) yield* leaves(member);
}
