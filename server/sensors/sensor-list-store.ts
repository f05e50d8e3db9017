// The list of sensors. Its rows are in cells, whose sizes are known: so the number of matching sensors needs
// no count, and a page is merged from the first sensors of each matching cell. A search, and the search for
// possible duplicates, first find candidates with an index.
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { type AnyQuery, type KeysetPage, loadPage, type RowKey, readCursor } from "../db/keyset.ts";
import { cellOf, cellsOf, flipped } from "../db/listing-cells.ts";
import { compareKeys, mergeRanges } from "../db/merge-ranges.ts";
import { sensorsNamed } from "../db/name-search.ts";
import type { Database, SensorTable } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { foldText } from "../ids.ts";
import {
  type CellCount,
  countCells,
  countNamed,
  listIds,
  listLike,
  listMisplaced,
  type Misplaced,
  type Order,
  type Range,
  readKeys,
  readRanges,
  readSeen,
} from "./listing-store.ts";
import { openPairs } from "./matches/matches-store.ts";
import { listSensorRows, type SensorRow } from "./record/sensors-store.ts";

const SORTS = {
  hostname: { column: "hostname_key", type: "text" },
  // Of silent sensors. The others are read in the order of the table of presence.
  lastSeenAt: { column: "silent_since", type: "number" },
  enrolledAt: { column: "enrolled_at", type: "number" },
} as const;

export interface SensorPage {
  q?: string | undefined;
  status?: SensorStatus | undefined;
  platform?: SensorTable["platform"] | undefined;
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  match?: "any" | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

/** `onlineSince` is the earliest last check-in that counts as online. */
export async function pageOfSensors(
  db: Database,
  onlineSince: number,
  page: SensorPage,
): Promise<KeysetPage<SensorRow>> {
  const { column, type } = SORTS[page.sort];
  const after = readCursor({ ...page, sortName: page.sort, type });
  const order = { column, order: page.order, after, q: page.q };
  return await inSnapshot(db, async (tx) => {
    const ids = await findCandidates(tx, onlineSince, page);
    return ids
      ? await pageOfCandidates(tx, onlineSince, page, { ids, order })
      : await pageOfCells(tx, onlineSince, page, order);
  });
}

/** So many sensors are read and sorted for a page. */
const FEW = 2_000;

/** Returns the ids of a few sensors that contain all matching ones; undefined: an index finds too many. */
async function findCandidates(
  tx: Database,
  onlineSince: number,
  { q, match, ...filter }: SensorPage,
): Promise<string[] | undefined> {
  // All of them, for any number: users decide on each.
  if (match) return await listIds(matched(tx, onlineSince));
  if (!q) return undefined;
  const cells = cellsOf(filter).flatMap(({ number }) => [number, flipped(number)]);
  const named = sensorsNamed(tx, q);
  const ids = named ? await listIds(named.limit(FEW + 1)) : await listLike(tx, q, cells, FEW + 1);
  return ids.length > FEW ? undefined : ids;
}

function matched(tx: Database, onlineSince: number): AnyQuery {
  return openPairs(tx, onlineSince)
    .clearSelect()
    .clearOrderBy()
    .select("sensorMatch.sensorId as candidateId")
    .distinct();
}

/** Reads all candidates. */
async function pageOfCandidates(
  tx: Database,
  onlineSince: number,
  page: SensorPage,
  { ids, order }: { ids: string[]; order: Order },
) {
  const { q, status, platform, sort, limit } = page;
  // Without silence, which may have changed since the job last looked.
  const cells = cellsOf({ status, platform }).flatMap(({ number }) => [number, flipped(number)]);
  const seen = status === "online" || status === "offline" ? { status, since: onlineSince } : undefined;
  const keys = await readKeys(tx, ids, { ...page, column: order.column, cells, seen, q });
  const found = keys.filter((key) => isOnPage(key, order)).toSorted(comparison(order.order));
  return {
    ...(await loadPage(
      tx,
      found.slice(0, limit + 1),
      { sortName: sort, order: order.order, limit },
      listSensorRows,
    )),
    total: keys.length,
    totalIsCapped: false,
  };
}

/** Merges the page from the cells of the filter. */
async function pageOfCells(tx: Database, onlineSince: number, page: SensorPage, order: Order) {
  const { q, status, limit, sort } = page;
  const cells = new Set(cellsOf(page).map(({ number }) => number));
  const counted = await countCells(tx, page);
  const matching = counted.filter(({ cell }) => cells.has(cell));
  const moved =
    status === "online" || status === "offline"
      ? await movedSensors(tx, onlineSince, { cells, counted, q })
      : { gone: [], come: [] };
  const compare = comparison(order.order);
  const gone = new Set(moved.gone.map(({ sensorId }) => sensorId));
  const stored = await readCells(tx, { matching, sort, order, wanted: limit + 1 + gone.size });
  const found = [
    ...stored.filter(({ id }) => !gone.has(id)),
    ...moved.come.map((sensor) => keyOf(sensor, sort)).filter((key) => isOnPage(key, order)),
  ].toSorted(compare);
  const sensors = sumOf(matching);
  const named = q ? await countNamed(tx, page, matching, q) : { count: sensors, isExact: true };
  return {
    ...(await loadPage(
      tx,
      found.slice(0, limit + 1),
      { sortName: sort, order: order.order, limit },
      listSensorRows,
    )),
    total: Math.max(0, named.count - moved.gone.length + moved.come.length),
    totalIsCapped: !named.isExact,
  };
}

interface CellsRead {
  matching: CellCount[];
  sort: SensorPage["sort"];
  order: Order;
  wanted: number;
}

async function readCells(tx: Database, { matching, sort, order, wanted }: CellsRead): Promise<RowKey[]> {
  const merge = (ranges: CellCount[]) =>
    mergeRanges<Range>(ranges, wanted, comparison(order.order), (some, most) =>
      readRanges(tx, some, most, order),
    );
  if (sort !== "lastSeenAt") return await merge(matching);
  const [silent, seen] = [true, false].map((isSilent) =>
    matching.filter(({ cell }) => cellOf(cell).isSilent === isSilent),
  ) as [CellCount[], CellCount[]];
  return [...(await readSeenCells(tx, seen, order, wanted)), ...(await merge(silent))];
}

/**
 * Sensors that check in have no order within their cells, because each check-in would have to write it. So
 * either all of them are read in the order of their check-ins until the page is full, or all of the cells.
 */
async function readSeenCells(
  tx: Database,
  seen: CellCount[],
  order: Order,
  wanted: number,
): Promise<RowKey[]> {
  if (seen.length === 0) return [];
  const all = (await countCells(tx, {})).filter(({ cell }) => !cellOf(cell).isSilent);
  const sensors = sumOf(seen);
  const isWalked = sensors * sensors > wanted * sumOf(all);
  return await readSeen(tx, seen, wanted, { ...order, isWalked });
}

/** Returns the sensors that no longer are in the cells of a filter, and those that now are. */
async function movedSensors(
  tx: Database,
  onlineSince: number,
  { cells, counted, q }: { cells: ReadonlySet<number>; counted: readonly Range[]; q: string | undefined },
): Promise<{ gone: Misplaced[]; come: Misplaced[] }> {
  const groups = new Set(counted.map(({ tokenGroupId }) => tokenGroupId));
  const moved = (await listMisplaced(tx, onlineSince)).filter(
    ({ tokenGroupId, hostnameKey }) =>
      (groups.has(0) || groups.has(tokenGroupId)) && (!q || hostnameKey.includes(foldText(q))),
  );
  return {
    gone: moved.filter(({ cell }) => cells.has(cell)),
    come: moved.filter(({ cell }) => cells.has(flipped(cell))),
  };
}

function keyOf(sensor: Misplaced, sort: SensorPage["sort"]): RowKey {
  const value = {
    hostname: sensor.hostnameKey,
    enrolledAt: sensor.enrolledAt,
    lastSeenAt: sensor.lastSeenAt,
  };
  return { value: value[sort], id: sensor.sensorId };
}

function isOnPage(key: RowKey, { order, after }: Order): boolean {
  return after === undefined || comparison(order)(key, { value: after.v, id: after.id }) > 0;
}

const comparison = (order: "asc" | "desc") =>
  order === "asc" ? compareKeys : (one: RowKey, other: RowKey) => compareKeys(other, one);

const sumOf = (counts: readonly CellCount[]) => counts.reduce((sum, { sensors }) => sum + sensors, 0);
