// Stores the text of audit events for searches, some time after the events: to index it costs more than to
// record an event, and enrollments record many.
import { auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { foldText } from "../ids.ts";
import { openTurns } from "../turns.ts";
import { findTextEnds, insertTexts, listEventsWithoutText } from "./audit-text-store.ts";

const STORED_AT_ONCE = 200;
/** Of one run of the job. */
const STORED_OF_RUN = 5_000;
/** With more new events since the last run, hosts are enrolling, and the job waits. */
const BUSY = 500;
const MAX_WORDS = 2_000;

/** Stores the text of all events, before a search. */
export async function storeTexts(db: Database, most = Number.MAX_SAFE_INTEGER): Promise<void> {
  const turns = openTurns("job");
  for (let stored = 0; stored < most; stored += STORED_AT_ONCE) {
    const ends = await findTextEnds(db);
    if (ends.stored >= ends.last) return;
    await inTransaction(db, async (tx) => {
      const rows = await listEventsWithoutText(tx, ends, STORED_AT_ONCE);
      await insertTexts(tx, rows.map(textOf));
    });
    await turns.next();
  }
}

/** Returns the work of the job. */
export function openTextJob(db: Database): () => Promise<void> {
  let lastSeen = 0;
  return async () => {
    const { last } = await findTextEnds(db);
    const isBusy = last - lastSeen > BUSY && lastSeen > 0;
    lastSeen = last;
    if (!isBusy) await storeTexts(db, STORED_OF_RUN);
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
