// Pages of audit events in SQL, by time and then by number. An index has the order of each page. Where no
// index fits all filters, a page looks at a limited number of events and returns where it ended.
import type { AuditActorType } from "@attacklens/protocol/audit-actions.ts";
import { sql } from "kysely";
import { ENROLLMENT_ACTIONS, isEnrollment, isNoEnrollment } from "../db/enrollment-events.ts";
import { contains, readCursor } from "../db/keyset.ts";
import { eventsWithText } from "../db/name-search.ts";
import { isAmongNumbers } from "../db/numbers.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { inSnapshot, walkInOrder } from "../db/snapshot.ts";
import { foldText } from "../ids.ts";
import { findFirstTime, findTextEnds, mayHaveText } from "./audit-text-store.ts";
import {
  type Condition,
  type Count,
  countWalk,
  type Place,
  type Walk,
  walkEvents,
} from "./event-walks-store.ts";

/** Times are milliseconds, both inclusive. */
export interface EventFilter {
  q?: string | undefined;
  actorType?: AuditActorType | undefined;
  actorId?: string | undefined;
  actions?: readonly string[] | undefined;
  entityType?: string | undefined;
  entityId?: string | undefined;
  address?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  /** The number of the last event. */
  through?: number | undefined;
}

export interface EventPageOptions {
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  /** Events that one page looks at. */
  mostWalked?: number;
}

const MOST_WALKED = 50_000;
/** Events with a searched text that are compared with the other filters. More of them are walked. */
const MOST_CANDIDATES = 10_000;

/** Without a search, no text is compared. */
const ALL_STORED = { last: 0, stored: 0 };

const NOT_COUNTED = { total: 0, totalIsCapped: true };

/** Returns the events of a page in its order, and the number of all that match. */
export async function pageOfEvents(
  db: Database,
  filter: EventFilter,
  options: EventPageOptions,
  counting: "counted" | "uncounted" = "counted",
) {
  const { order, cursor, limit, mostWalked = MOST_WALKED } = options;
  const read = readCursor({ sortName: "at", order, cursor, type: "number" });
  const after = read && { at: Number(read.v), sequence: Number(read.id) };
  const { q } = filter;
  const readEvents = async (tx: Database) => {
    // First, because texts that are stored meanwhile would be missed.
    const texts = q === undefined ? ALL_STORED : await findTextEnds(tx);
    const found = q === undefined ? undefined : await listWithText(tx, q, texts.stored);
    if (found === undefined) await walkInOrder(tx);
    const walks = walksOf(tx, filter, found, texts.stored);
    if (q !== undefined && texts.stored < texts.last) {
      const since = await findFirstTime(tx, texts.stored);
      walks.push(walkWithoutTexts(tx, { ...filter, q }, texts.stored, since));
    }
    const isPast = comparison(order);
    const places: Place[] = [];
    const counts = new Map<Walk, Count>();
    let end: Place | undefined;
    for (const walk of walks) {
      const some = await walkEvents(tx, walk, { order, after, mostWalked, limit: limit + 1 });
      places.push(...some.places);
      if (some.count) counts.set(walk, some.count);
      if (some.end && (!end || isPast(end, some.end))) end = some.end;
    }
    const inOrder = places.toSorted((one, other) => (isPast(one, other) ? 1 : -1));
    const before = inOrder.filter((place) => !end || !isPast(place, end));
    const shown = before.slice(0, limit);
    const next = before.length > limit ? shown.at(-1) : end;
    const nextCursor = next
      ? Buffer.from(JSON.stringify({ s: `at ${order}`, v: next.at, id: String(next.sequence) })).toString(
          "base64url",
        )
      : null;
    const total =
      counting === "counted" ? await countWalks(tx, filter, walks, { mostWalked, counts }) : NOT_COUNTED;
    return { rows: await listEvents(tx, shown), nextCursor, ...total };
  };
  return await inSnapshot(db, readEvents, q ? "by value" : undefined);
}

/** Returns whether one place comes after another. */
function comparison(order: "asc" | "desc"): (one: Place, other: Place) => boolean {
  const sign = order === "asc" ? 1 : -1;
  return (one, other) => sign * (one.at - other.at || one.sequence - other.sequence) > 0;
}

/** Returns the numbers of the events with the text; undefined: no index finds them, or they are many. */
async function listWithText(db: Database, text: string, stored: number): Promise<number[] | undefined> {
  const query = eventsWithText(db, text);
  if (!query) return undefined;
  const rows = (await query.limit(MOST_CANDIDATES + 1).execute()) as { sequence: number }[];
  if (rows.length > MOST_CANDIDATES) return undefined;
  return rows.map(({ sequence }) => Number(sequence)).filter((sequence) => sequence <= stored);
}

const isAction = (some: readonly string[]): Condition =>
  sql<boolean>`event.action in (${sql.join(some.map((one) => sql`${one}`))})`;

function timesOf({ from, to, through }: EventFilter): Condition[] {
  return [
    ...(from === undefined ? [] : [sql<boolean>`event.at >= ${from}`]),
    ...(to === undefined ? [] : [sql<boolean>`event.at <= ${to}`]),
    ...(through === undefined ? [] : [sql<boolean>`event.sequence <= ${through}`]),
  ];
}

/** In the order of preference: the first ones select the fewest events. */
function keysOf({ actorType, actorId, actions, entityType, entityId, address }: EventFilter): Condition[] {
  return [
    ...(entityId === undefined ? [] : [sql<boolean>`event.entity_id = ${entityId}`]),
    ...(actorId === undefined ? [] : [sql<boolean>`event.actor_id = ${actorId}`]),
    ...(address === undefined ? [] : [sql<boolean>`event.address = ${address}`]),
    ...(actions?.length === 1 ? [sql<boolean>`event.action = ${actions[0]}`] : []),
    ...(entityType === undefined ? [] : [sql<boolean>`event.entity_type = ${entityType}`]),
    ...(actorType === undefined ? [] : [sql<boolean>`event.actor_type = ${actorType}`]),
  ];
}

/** `stored`: the number of the last event whose text is stored. */
function walksOf(db: Database, filter: EventFilter, found: number[] | undefined, stored: number): Walk[] {
  const { q, actions, entityId } = filter;
  const range = timesOf(filter);
  const text: Condition[] = q === undefined || found ? [] : [hasText(q, stored)];
  const [key, ...others] = keysOf(filter);
  const rest = [...others, ...text];
  if (actions && actions.length > 1) rest.push(isAction(actions));
  if (found)
    return [
      {
        index: [isAmongNumbers(db, sql`event.sequence`, found), ...range, ...(key ? [key] : []), ...rest],
        matches: [],
      },
    ];
  if (entityId !== undefined) return [{ index: [key!, ...range], matches: rest }];
  const walks: Walk[] = [];
  if (key) walks.push({ index: [key, isNoEnrollment, ...range], matches: rest });
  else if (actions)
    for (const action of actions)
      walks.push({ index: [isAction([action]), isNoEnrollment, ...range], matches: text });
  if (walks.length > 0) {
    const all = key ? [key, ...rest] : rest;
    if (mayEnroll(filter)) walks.push({ index: range, matches: [isEnrollment, ...all] });
    return walks;
  }
  return [{ index: range, matches: text }];
}

/** Returns whether events of enrollments may match. */
function mayEnroll({ actions, actorId, actorType, entityType }: EventFilter): boolean {
  return (
    (actorType === undefined || actorType === "enrollment-token") &&
    (actorId === undefined || actorId.startsWith("tok_")) &&
    ENROLLMENT_ACTIONS.some(
      (action) =>
        (actions === undefined || actions.includes(action)) &&
        (entityType === undefined || action.startsWith(`${entityType}.`)),
    )
  );
}

function hasText(text: string, stored: number): Condition {
  return sql<boolean>`event.sequence <= ${stored} and exists (select 1 from audit_text
    where audit_text.sequence = event.sequence and ${contains(sql<string>`audit_text.words`, text)})`;
}

/**
 * Returns a walk over the events whose texts are not stored yet, such as those of a rollout. `since`: the
 * earliest of their times.
 */
function walkWithoutTexts(
  db: Database,
  { q, ...filter }: EventFilter & { q: string },
  stored: number,
  since: number,
): Walk {
  const { actions } = filter;
  const matches = [sql<boolean>`event.sequence > ${stored}`, ...keysOf(filter), mayHaveText(db, q)];
  if (actions && actions.length > 1) matches.push(isAction(actions));
  return { index: [sql<boolean>`event.at >= ${since}`, ...timesOf(filter)], matches, text: foldText(q) };
}

/** Counts the events that match, of the first ones of each walk. */
async function countWalks(
  db: Database,
  { q, ...filter }: EventFilter,
  walks: readonly Walk[],
  { mostWalked, counts }: { mostWalked: number; counts: ReadonlyMap<Walk, Count> },
) {
  if (q === undefined && Object.values(filter).every((value) => value === undefined)) {
    const head = await db.selectFrom("auditHead").select("sequence").executeTakeFirst();
    return { total: head?.sequence ?? 0, totalIsCapped: false };
  }
  let total = 0;
  let totalIsCapped = false;
  for (const walk of walks) {
    const counted = counts.get(walk) ?? (await countWalk(db, walk, mostWalked));
    total += counted.total;
    totalIsCapped ||= counted.isCapped;
  }
  return { total, totalIsCapped };
}

/** Returns the events in the order of their places. */
async function listEvents(db: Database, places: readonly Place[]): Promise<AuditEventTable[]> {
  if (places.length === 0) return [];
  const numbers = places.map(({ sequence }) => sequence);
  const rows = await db
    .selectFrom("auditEvent")
    .selectAll()
    .where(isAmongNumbers(db, sql`sequence`, numbers))
    .execute();
  const loaded = new Map(rows.map((row) => [row.sequence, row]));
  return numbers.flatMap((sequence) => loaded.get(sequence) ?? []);
}
