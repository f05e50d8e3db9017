// The list of sensors. Its rows are in cells, whose sizes are known: so the number of matching sensors needs
// no count, and a page is merged from the first sensors of each matching cell. A search, and the search for
// possible duplicates, first find candidates with an index.
import { sensorId } from "@attacklens/protocol/ids.ts";
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { type AnyQuery, type KeysetPage, loadPage, readCursor } from "../db/keyset.ts";
import { cellsOf, flipped } from "../db/listing-cells.ts";
import { sensorsNamed } from "../db/name-search.ts";
import type { Database, SensorTable } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { FEW, inOrder, readCellsPage } from "./cells-page-store.ts";
import { listIds, listLike, type Order, readKeys } from "./listing-store.ts";
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

export interface SensorPage {
  q?: string | undefined;
  /** Of the one sensor that is searched. */
  id?: string | undefined;
  status?: SensorStatus | undefined;
  platform?: SensorTable["platform"] | undefined;
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  match?: "any" | undefined;
  /** An instant. */
  seenBefore?: string | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  /** Counts all sensors, however many have the text in their names. */
  count?: "exact" | undefined;
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
  const order = { column, order: page.order, after, q: page.q };
  return await inSnapshot(db, async (tx) => {
    const ids = await findCandidates(tx, onlineSince, page, few);
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
  few: number,
): Promise<string[] | undefined> {
  if (seenBefore === undefined) return await findOthers(tx, onlineSince, page, few);
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
  const { q, status, platform, limit } = page;
  // Without silence, which may have changed since the job last looked.
  const cells = cellsOf({ status, platform }).flatMap(({ number }) => [number, flipped(number)]);
  const seen = status === "online" || status === "offline" ? { status, since: onlineSince } : undefined;
  const keys = await readKeys(tx, ids, { ...page, column: order.column, cells, seen, q });
  return { keys: inOrder(keys, order).slice(0, limit + 1), total: keys.length, totalIsCapped: false };
}

/** Merges the page from the cells of the filter. */
async function keysOfCells(
  tx: Database,
  onlineSince: number,
  page: SensorPage,
  { order, few }: { order: Order; few: number },
) {
  const { keys, total, isExact } = await readCellsPage(tx, onlineSince, { ...page, few }, order);
  return { keys, total, totalIsCapped: !isExact };
}
