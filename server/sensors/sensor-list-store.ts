// The list of sensors. Its rows are in cells, whose sizes are known: so the number of matching sensors needs
// no count, and a page is merged from the first sensors of each matching cell. A search, and the search for
// possible duplicates, first find candidates with an index.
import { sensorId } from "@attacklens/protocol/ids.ts";
import { type AnyQuery, type KeysetPage, loadPage, readCursor } from "../db/keyset.ts";
import { cellsOf, flipped } from "../db/listing-cells.ts";
import { sensorsNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { FEW, inOrder, readCellsPage } from "./cells-page-store.ts";
import { type Narrowing, narrowingsOf, searchByFact, type TextFilters, versionsOf } from "./filters-store.ts";
import { listIds, listLike, type Order, readKeys, seenOf } from "./listing-store.ts";
import { openPairs } from "./matches/matches-store.ts";
import {
  listSensorRows,
  listStateRows,
  type SensorRow,
  type SensorStateRow,
} from "./record/sensors-store.ts";
import { listSeen } from "./seen-store.ts";

/** More than any fleet has. */
const ALL = 1_000_000_000;

const SORTS = {
  hostname: { column: "hostname_key", type: "text" },
  // Of silent sensors. The others are read in the order of the table of presence.
  lastSeenAt: { column: "silent_since", type: "number" },
  enrolledAt: { column: "enrolled_at", type: "number" },
} as const;

export interface SensorPage extends TextFilters {
  /** Of the one sensor that is searched. */
  id?: string | undefined;
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  match?: "any" | undefined;
  /** An instant. */
  seenBefore?: string | undefined;
  /** See `atTime`. */
  notSeenFor?: undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  /** Counts all sensors, however many have the text in their names. */
  count?: "exact" | undefined;
}

const UNITS_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Replaces a duration until now, such as `7d`, by its instant. */
export function atTime<P extends { notSeenFor?: string | undefined; seenBefore?: string | undefined }>(
  { notSeenFor, ...page }: P,
  now: number,
) {
  if (notSeenFor === undefined) return page;
  const before = now - Number.parseInt(notSeenFor, 10) * UNITS_MS[notSeenFor.at(-1)!]!;
  const until = page.seenBefore === undefined ? before : Math.min(before, Date.parse(page.seenBefore));
  return { ...page, seenBefore: new Date(until).toISOString() };
}

/**
 * `onlineSince` is the earliest last check-in that counts as online. `few` sensors are read and sorted for a
 * page; tests set fewer.
 */
export async function pageOfSensors(
  db: Database,
  onlineSince: number,
  page: SensorPage,
  few = FEW,
): Promise<KeysetPage<SensorRow>> {
  const { q } = page;
  // An id is not part of a name.
  const id = q !== undefined && sensorId.safeParse(q.trim()).success ? q.trim() : undefined;
  const search = id === undefined ? page : { ...page, id, q: undefined };
  return await pageOf(db, onlineSince, search, few, listSensorRows);
}

/** The same, with only the columns that decide which actions are possible. */
export async function pageOfStates(
  db: Database,
  onlineSince: number,
  page: SensorPage,
): Promise<KeysetPage<SensorStateRow>> {
  return await pageOf(db, onlineSince, page, FEW, listStateRows);
}

async function pageOf<Row extends { id: string }>(
  db: Database,
  onlineSince: number,
  page: SensorPage,
  few: number,
  load: (tx: Database, ids: string[]) => Promise<Row[]>,
): Promise<KeysetPage<Row>> {
  const { column, type } = SORTS[page.sort];
  const after = readCursor({ ...page, sortName: page.sort, type });
  return await inSnapshot(db, async (tx) => {
    const fact = page.q ? await searchByFact(tx, page.q) : undefined;
    const q = fact ? undefined : page.q;
    const narrowings = [...(fact ? [fact] : []), ...narrowingsOf(tx, page)];
    const also = narrowings.map(({ condition }) => condition);
    const order = { column, order: page.order, after, q, also };
    const ids = await findCandidates(tx, onlineSince, { ...page, q }, { narrowings, few });
    const { keys, ...count } = ids
      ? await keysOfCandidates(tx, onlineSince, page, { ids, order })
      : await keysOfCells(tx, onlineSince, page, { order, few });
    const shown = { sortName: page.sort, order: page.order, limit: page.limit };
    return { ...(await loadPage(tx, keys, shown, load)), ...count };
  });
}

/** Returns the ids of a few sensors that contain all matching ones; undefined: an index finds too many. */
async function findCandidates(
  tx: Database,
  onlineSince: number,
  { seenBefore, ...page }: SensorPage,
  { narrowings, few }: { narrowings: Narrowing[]; few: number },
): Promise<string[] | undefined> {
  if (seenBefore === undefined)
    return (await findOthers(tx, onlineSince, page, few)) ?? (await findNarrowed(narrowings, few));
  const cells = cellsOf(page).map(({ number }) => number);
  const seen = { status: "offline" as const, since: Date.parse(seenBefore) };
  const ids = await listSeen(tx, page, { cells, seen, most: ALL });
  if (page.id === undefined && !page.match) return ids;
  const others = new Set(await findOthers(tx, onlineSince, page, few));
  return ids.filter((id) => others.has(id));
}

/** The same for the filters of text and of possible duplicates. */
async function findOthers(
  tx: Database,
  onlineSince: number,
  { q, id, match, ...filter }: SensorPage,
  few: number,
): Promise<string[] | undefined> {
  if (id !== undefined) return [id];
  // All of them, for any number: users decide on each.
  if (match) return await listIds(matched(tx, onlineSince));
  if (!q) return undefined;
  const cells = cellsOf(filter).flatMap(({ number }) => [number, flipped(number)]);
  const named = sensorsNamed(tx, q);
  const ids = named ? await listIds(named.limit(few + 1)) : await listLike(tx, q, cells, few + 1);
  return ids.length > few ? undefined : ids;
}

/** The same for the first filter that finds few. */
async function findNarrowed(narrowings: Narrowing[], few: number): Promise<string[] | undefined> {
  for (const { first } of narrowings) {
    const ids = await first(few + 1);
    if (ids.length <= few) return ids;
  }
  return undefined;
}

function matched(tx: Database, onlineSince: number): AnyQuery {
  return openPairs(tx, onlineSince)
    .clearSelect()
    .clearOrderBy()
    .select("sensorMatch.sensorId as candidateId")
    .distinct();
}

/** Counts the sensors of the list of possible duplicates. */
export async function countCandidates(tx: Database, onlineSince: number): Promise<number> {
  return (await listIds(matched(tx, onlineSince))).length;
}

/** Reads all candidates. */
async function keysOfCandidates(
  tx: Database,
  onlineSince: number,
  page: SensorPage,
  { ids, order }: { ids: string[]; order: Order },
) {
  const { status, platform, limit } = page;
  const { column, q, also } = order;
  // Without silence, which may have changed since the job last looked.
  const cells = cellsOf({ status, platform }).flatMap(({ number }) => [number, flipped(number)]);
  const seen = seenOf(status, onlineSince);
  const keys = await readKeys(tx, ids, { ...page, column, cells, seen, q, also });
  return { keys: inOrder(keys, order).slice(0, limit + 1), total: keys.length, totalIsCapped: false };
}

/** Merges the page from the cells of the filter. */
async function keysOfCells(
  tx: Database,
  onlineSince: number,
  page: SensorPage,
  { order, few }: { order: Order; few: number },
) {
  // The numbers of sensors have versions, and nothing else that narrows the list.
  const versions = order.also.length === 1 ? versionsOf(page) : undefined;
  const { keys, total, isExact } = await readCellsPage(tx, onlineSince, { ...page, few, versions }, order);
  return { keys, total, totalIsCapped: !isExact };
}
