// Pages of audit events in SQL, by time and then by number. An index has the order of each page. Where no
// index fits all filters, a page looks at a limited number of events and returns where it ended.
import type { AuditActorType } from "@attacklens/protocol/audit-actions.ts";
import { type RawBuilder, sql } from "kysely";
import { isAmongNumbers } from "../db/dialect.ts";
import { ENROLLMENT_ACTIONS, isEnrollment, isNoEnrollment } from "../db/enrollment-events.ts";
import { contains, readCursor } from "../db/keyset.ts";
import { eventsWithText } from "../db/name-search.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { inSnapshot, walkInOrder } from "../db/snapshot.ts";

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
const MOST_COUNTED = 1_000_000;

const NOT_COUNTED = { total: 0, totalIsCapped: true };

type Condition = RawBuilder<boolean>;

interface Place {
  at: number;
  sequence: number;
}

/** Events in the order of an index, of which the conditions in `matches` select some. */
interface Walk {
  index: Condition[];
  matches: Condition[];
}

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
  return await inSnapshot(db, async (tx) => {
    const found = filter.q === undefined ? undefined : await listWithText(tx, filter.q);
    if (found === undefined) await walkInOrder(tx);
    const walks = walksOf(tx, filter, found);
    const isPast = comparison(order);
    const places: Place[] = [];
    let end: Place | undefined;
    for (const walk of walks) {
      const some = await listPlaces(tx, walk, { order, after, mostWalked, limit: limit + 1 });
      places.push(...some);
      const last = some.length > limit ? undefined : await findEnd(tx, walk, { order, after, mostWalked });
      if (last && (!end || isPast(end, last))) end = last;
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
    const counts = counting === "counted" ? await countWalks(tx, filter, walks, mostWalked) : NOT_COUNTED;
    return { rows: await listEvents(tx, shown), nextCursor, ...counts };
  });
}

/** Returns whether one place comes after another. */
function comparison(order: "asc" | "desc"): (one: Place, other: Place) => boolean {
  const sign = order === "asc" ? 1 : -1;
  return (one, other) => sign * (one.at - other.at || one.sequence - other.sequence) > 0;
}

/** Returns the numbers of the events with the text; undefined: no index finds them, or they are many. */
async function listWithText(db: Database, text: string): Promise<number[] | undefined> {
  const query = eventsWithText(db, text);
  if (!query) return undefined;
  const rows = (await query.limit(MOST_CANDIDATES + 1).execute()) as { sequence: number }[];
  return rows.length > MOST_CANDIDATES ? undefined : rows.map(({ sequence }) => Number(sequence));
}

function walksOf(db: Database, filter: EventFilter, found: number[] | undefined): Walk[] {
  const { q, actorType, actorId, actions, entityType, entityId, address, from, to } = filter;
  const range: Condition[] = [];
  if (from !== undefined) range.push(sql<boolean>`event.at >= ${from}`);
  if (to !== undefined) range.push(sql<boolean>`event.at <= ${to}`);
  const isAction = (some: readonly string[]): Condition =>
    sql<boolean>`event.action in (${sql.join(some.map((one) => sql`${one}`))})`;
  const text: Condition[] = q === undefined || found ? [] : [hasText(q)];
  // In the order of preference: the first ones select the fewest events.
  const keys: Record<string, Condition> = {
    ...(entityId !== undefined && { entityId: sql<boolean>`event.entity_id = ${entityId}` }),
    ...(actorId !== undefined && { actorId: sql<boolean>`event.actor_id = ${actorId}` }),
    ...(address !== undefined && { address: sql<boolean>`event.address = ${address}` }),
    ...(actions?.length === 1 && { action: sql<boolean>`event.action = ${actions[0]}` }),
    ...(entityType !== undefined && { entityType: sql<boolean>`event.entity_type = ${entityType}` }),
    ...(actorType !== undefined && { actorType: sql<boolean>`event.actor_type = ${actorType}` }),
  };
  const [key, ...others] = Object.values(keys);
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

function hasText(text: string): Condition {
  return sql<boolean>`exists (select 1 from audit_text where audit_text.sequence = event.sequence
    and ${contains(sql<string>`audit_text.words`, text)})`;
}

const and = (conditions: readonly Condition[]) =>
  conditions.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`${sql.join(conditions, sql` and `)}`;

interface WalkOptions {
  order: "asc" | "desc";
  after?: Place | undefined;
  mostWalked: number;
}

/** The events of the index after a place, in its order. */
function walkFrom(
  { index }: Walk,
  { order, after }: Omit<WalkOptions, "mostWalked">,
  limit: RawBuilder<unknown>,
) {
  const direction = sql.raw(order);
  const past = after
    ? sql`and (event.at, event.sequence) ${sql.raw(order === "asc" ? ">" : "<")} (${after.at}, ${after.sequence})`
    : sql``;
  return sql<Place>`select event.* from audit_event as event where ${and(index)} ${past}
    order by event.at ${direction}, event.sequence ${direction} ${limit}`;
}

/** Returns the places of the first events that match. */
async function listPlaces(
  db: Database,
  walk: Walk,
  { limit, ...options }: WalkOptions & { limit: number },
): Promise<Place[]> {
  const isWhole = walk.matches.length === 0;
  const walked = walkFrom(walk, options, sql`limit ${isWhole ? limit : options.mostWalked}`);
  // Without another order, which would read all of the walk first.
  const { rows } = await sql<Place>`
    select at, sequence from (${walked}) as event where ${and(walk.matches)} limit ${limit}`.execute(db);
  return rows.map(({ at, sequence }) => ({ at: Number(at), sequence: Number(sequence) }));
}

/** Returns where a walk ended before the end of its index. */
async function findEnd(db: Database, walk: Walk, options: WalkOptions): Promise<Place | undefined> {
  if (walk.matches.length === 0) return undefined;
  const last = walkFrom(walk, options, sql`limit 1 offset ${options.mostWalked - 1}`);
  const { rows } = await sql<Place>`select at, sequence from (${last}) as event`.execute(db);
  const [row] = rows;
  return row && { at: Number(row.at), sequence: Number(row.sequence) };
}

/** Counts the events that match, of the first ones of each walk. */
async function countWalks(
  db: Database,
  { q, ...filter }: EventFilter,
  walks: readonly Walk[],
  mostWalked: number,
) {
  if (q === undefined && Object.values(filter).every((value) => value === undefined)) {
    const head = await db.selectFrom("auditHead").select("sequence").executeTakeFirst();
    return { total: head?.sequence ?? 0, totalIsCapped: false };
  }
  let total = 0;
  let totalIsCapped = false;
  for (const walk of walks) {
    const most = walk.matches.length === 0 ? MOST_COUNTED : mostWalked;
    const walked = walkFrom(walk, { order: "desc" }, sql`limit ${most}`);
    const { rows } = await sql<{ walked: number; matching: number }>`
      select count(*) as walked, sum(case when ${and(walk.matches)} then 1 else 0 end) as matching
      from (${walked}) as event`.execute(db);
    total += Number(rows[0]?.matching ?? 0);
    totalIsCapped ||= Number(rows[0]?.walked ?? 0) >= most;
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
