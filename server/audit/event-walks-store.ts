// Walks over audit events in the order of an index, in SQL. A walk looks at a limited number of events, and
// returns where it ended.
import { type RawBuilder, sql } from "kysely";
import type { Database } from "../db/schema.ts";
import { type EventText, wordsOf } from "./audit-text-store.ts";

export type Condition = RawBuilder<boolean>;

/** Of an event, in the order of pages. */
export interface Place {
  at: number;
  sequence: number;
}

/** Events in the order of an index, of which the conditions in `matches` select some. */
export interface Walk {
  index: Condition[];
  matches: Condition[];
  /** Folded. The events that match are read and compared with it, because their texts are not stored. */
  text?: string;
}

export interface WalkOptions {
  order: "asc" | "desc";
  after?: Place | undefined;
  mostWalked: number;
}

/** Events that one walk reads and compares with a text. */
const MOST_COMPARED = 1_000;

const MOST_COUNTED = 1_000_000;

export const and = (conditions: readonly Condition[]) =>
  conditions.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`${sql.join(conditions, sql` and `)}`;

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

interface Walked {
  places: Place[];
  /** Where the walk ended before its index did. */
  end: Place | undefined;
  /** As by `countWalk`, if the walk has the same cost. */
  count?: Count;
}

export interface Count {
  total: number;
  isCapped: boolean;
}

/** Returns the places of up to `limit` events that match. */
export async function walkEvents(
  db: Database,
  walk: Walk,
  options: WalkOptions & { limit: number },
): Promise<Walked> {
  const { limit, mostWalked } = options;
  if (walk.text === undefined) {
    const most = walk.matches.length === 0 ? limit : mostWalked;
    const places = await listMatches<Place>(db, walk, options, most, limit, sql`at, sequence`);
    return { places, end: places.length < limit ? await findEnd(db, walk, options) : undefined };
  }
  const { places, end } = await compareTexts(db, walk, options);
  const isEnough = places.length >= limit;
  return {
    places: places.slice(0, limit),
    end: isEnough ? undefined : end,
    ...(options.after ? {} : { count: { total: places.length, isCapped: end !== undefined } }),
  };
}

/** Reads the events of a walk with a text, and returns those that have it. */
async function compareTexts(db: Database, walk: Walk, options: WalkOptions) {
  const columns = sql`at, sequence, actor_name, action, entity_name, entity_id, address, details`;
  const most = options.mostWalked;
  const read = await listMatches<Place & EventText>(db, walk, options, most, MOST_COMPARED, columns);
  const places = read.filter((event) => wordsOf(event).includes(walk.text!));
  return { places, end: read.length < MOST_COMPARED ? await findEnd(db, walk, options) : read.at(-1) };
}

/** Returns the first events that match, of the first `most` of the walk. */
async function listMatches<Row extends Place>(
  db: Database,
  walk: Walk,
  options: WalkOptions,
  most: number,
  limit: number,
  columns: RawBuilder<unknown>,
): Promise<Row[]> {
  const walked = walkFrom(walk, options, sql`limit ${most}`);
  // Without another order, which would read all of the walk first.
  const { rows } = await sql<Row>`
    select ${columns} from (${walked}) as event where ${and(walk.matches)} limit ${limit}`.execute(db);
  return rows.map((row) => ({ ...row, at: Number(row.at), sequence: Number(row.sequence) }));
}

/** Returns where a walk ended before the end of its index. */
async function findEnd(db: Database, walk: Walk, options: WalkOptions): Promise<Place | undefined> {
  if (walk.matches.length === 0) return undefined;
  const last = walkFrom(walk, options, sql`limit 1 offset ${options.mostWalked - 1}`);
  const { rows } = await sql<Place>`select at, sequence from (${last}) as event`.execute(db);
  const [row] = rows;
  return row && { at: Number(row.at), sequence: Number(row.sequence) };
}

/** Counts the events that match, of the first ones of the walk. */
export async function countWalk(db: Database, walk: Walk, mostWalked: number): Promise<Count> {
  if (walk.text !== undefined) {
    const { places, end } = await compareTexts(db, walk, { order: "desc", mostWalked });
    return { total: places.length, isCapped: end !== undefined };
  }
  const most = walk.matches.length === 0 ? MOST_COUNTED : mostWalked;
  const walked = walkFrom(walk, { order: "desc" }, sql`limit ${most}`);
  const { rows } = await sql<{ walked: number; matching: number }>`
    select count(*) as walked, sum(case when ${and(walk.matches)} then 1 else 0 end) as matching
    from (${walked}) as event`.execute(db);
  return { total: Number(rows[0]?.matching ?? 0), isCapped: Number(rows[0]?.walked ?? 0) >= most };
}
