// The text that searches look in, in SQL. It is stored some time after its event. Until then, a search
// compares the event's columns.
import { AUDIT_ACTIONS, auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import { sql } from "kysely";
import { hasOnlyAscii, lowerAscii } from "../db/dialect.ts";
import { insertion } from "../db/insertion.ts";
import { contains } from "../db/keyset.ts";
import type { AuditEventTable, AuditTextTable, Database } from "../db/schema.ts";
import { foldText } from "../ids.ts";

const MAX_WORDS = 2_000;
const OTHER_THAN_ASCII = /[^\0-\x7f]/;

/** The columns that make the text of an event. */
export type EventText = Pick<
  AuditEventTable,
  "actorName" | "action" | "entityName" | "entityId" | "address" | "details"
>;

/** Returns the folded text of an event. */
export function wordsOf({ actorName, action, entityName, entityId, address, details }: EventText): string {
  const values = [...leaves(JSON.parse(details))];
  const parts = [actorName, auditActionWords(action), action, entityName, entityId, address, ...values];
  const text = parts.filter((part) => part !== null && part !== "").join(" ");
  return foldText(text).slice(0, MAX_WORDS);
}

/** Yields the texts and numbers in a JSON value. */
function* leaves(value: unknown): Generator<string> {
  if (typeof value === "string" || typeof value === "number") yield String(value);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) yield* leaves(member);
}

/**
 * Returns whether the text of an event, with the alias `event`, may contain the searched one: true for each
 * event whose `wordsOf` contains it, and for few others. SQL folds only ASCII, so it cannot compare others.
 */
export function mayHaveText(db: Database, q: string) {
  const folded = foldText(q);
  const columns = sql<string>`(event.actor_name || ' ' || event.action || ' ' ||
    coalesce(event.entity_name, '') || ' ' || event.entity_id || ' ' || coalesce(event.address, '') || ' ' ||
    event.details)`;
  const isOther = sql<boolean>`not ${hasOnlyAscii(db, columns)}`;
  if (OTHER_THAN_ASCII.test(folded)) return isOther;
  // The text joins parts with spaces, and details are JSON, which escapes these characters.
  const [word = ""] = folded.split(/[ "\\]+/).toSorted((one, other) => other.length - one.length);
  const actions = Object.keys(AUDIT_ACTIONS).filter((action) =>
    foldText(auditActionWords(action)).includes(word),
  );
  const hasWords =
    actions.length === 0
      ? sql``
      : sql`or event.action in (${sql.join(actions.map((action) => sql`${action}`))})`;
  return sql<boolean>`(${contains(lowerAscii(db, columns), word)} ${hasWords} or ${isOther})`;
}

/** Returns the number of the last event, and of the last one whose text is stored. */
export async function findTextEnds(db: Database): Promise<{ last: number; stored: number }> {
  const head = db.selectFrom("auditHead").where("id", "=", 1).select("sequence");
  const stored = db.selectFrom("auditText").select("sequence").orderBy("sequence", "desc").limit(1);
  const row = await db.selectNoFrom([head.as("last"), stored.as("stored")]).executeTakeFirstOrThrow();
  return { last: row.last ?? 0, stored: row.stored ?? 0 };
}

/** Of half a minute, with the most enrollments in a second. No clock of a server is as late. */
const MOST_OUT_OF_ORDER = 200_000;

/** Returns the earliest time of the events after `sequence`. Clocks of servers differ. */
export async function findFirstTime(db: Database, sequence: number): Promise<number> {
  const { rows } = await sql<{ at: number | null }>`
    select min(at) as at from (select at from audit_event where sequence > ${sequence}
      order by sequence limit ${sql.lit(MOST_OUT_OF_ORDER)}) as event`.execute(db);
  return Number(rows[0]?.at ?? 0);
}

export async function listEventsWithoutText(
  db: Database,
  { last, stored }: { last: number; stored: number },
  limit: number,
) {
  return await db
    .selectFrom("auditEvent")
    .select(["sequence", "actorName", "action", "entityName", "entityId", "address", "details"])
    .where("sequence", ">", stored)
    .where("sequence", "<=", last)
    .orderBy("sequence")
    .limit(limit)
    .execute();
}

/** Skips texts that another server has stored. */
export const insertTexts: (db: Database, rows: readonly AuditTextTable[]) => Promise<void> =
  insertion<AuditTextTable>("auditText", { sequence: "bigint", words: "text" }, { onConflict: "skip" });
