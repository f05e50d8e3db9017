// The sensors on a page, merged from the first sensors of each cell. A job marks the sensors whose silence
// the clock changed. A page with such a status corrects for those that it has not marked yet: a few of them
// are merged in or left out. If there are many, as after an outage, the page looks at when each was seen.
import type { Cursor, RowKey } from "../db/keyset.ts";
import { type CellFilter, cellOf, cellsOf, flipped } from "../db/listing-cells.ts";
import { compareKeys, mergeRanges } from "../db/merge-ranges.ts";
import { hasName } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { countAllNamed, countAllThat, countNamed } from "./listing-count-store.ts";
import {
  type CellCount,
  countCells,
  hasText,
  isNarrow,
  type Order,
  readKeys,
  readRanges,
  type Seen,
  seenOf,
  type TokenAndGroup,
} from "./listing-store.ts";
import { countMisplaced, listMisplaced, listSeen, type Misplaced, sortSeen, walkSeen } from "./seen-store.ts";

/** So many sensors are read and sorted for a page. */
export const FEW = 2_000;
/** So many sensors are passed over in the order of check-ins in the time that reads one of a cell. */
const PASSED = 30;

interface Filter extends CellFilter, TokenAndGroup {
  limit: number;
  few: number;
  count?: "exact" | undefined;
  /** Present: the order has only their condition. Numbers of them are kept. */
  versions?: readonly string[] | undefined;
}

interface Reading {
  tx: Database;
  filter: Filter;
  order: Order;
  /** The cells of the filter. */
  cells: ReadonlySet<number>;
  /** All cells of its tokens and groups. */
  counted: readonly CellCount[];
  /** One row more than the page has. */
  wanted: number;
}

export interface CellsPage {
  keys: RowKey[];
  total: number;
  isExact: boolean;
}

/** Returns the sensors of a page, and one more if another page follows. */
export async function readCellsPage(
  tx: Database,
  onlineSince: number,
  filter: Filter,
  order: Order,
): Promise<CellsPage> {
  const seen = seenOf(filter.status, onlineSince);
  const cells = new Set(cellsOf(filter).map(({ number }) => number));
  const counted = await countCells(tx, filter);
  const reading: Reading = { tx, filter, order, cells, counted, wanted: filter.limit + 1 };
  if (!seen) return await readMarked(reading);
  const misplaced = await countMisplaced(tx, filter, onlineSince);
  const [gone, come] = [sumOf(misplaced.filter(isGone(cells))), sumOf(misplaced.filter(isCome(cells)))];
  if (gone + come === 0) return await readMarked(reading);
  if (gone + come <= filter.few) return await readCorrected(reading, onlineSince);
  const total = sumOf(matchingOf(reading)) - gone + come;
  return await readUnmarked(reading, seen, total);
}

const matchingOf = ({ counted, cells }: Reading) => counted.filter(({ cell }) => cells.has(cell));
const isGone =
  (cells: ReadonlySet<number>) =>
  ({ cell }: { cell: number }) =>
    cells.has(cell) && !cells.has(flipped(cell));
const isCome =
  (cells: ReadonlySet<number>) =>
  ({ cell }: { cell: number }) =>
    cells.has(flipped(cell)) && !cells.has(cell);

/** Reads a page whose sensors are all marked. */
async function readMarked(reading: Reading): Promise<CellsPage> {
  const { wanted } = reading;
  const keys = (await readCells(reading, wanted)).slice(0, wanted);
  return atLeast({ keys, ...(await countMarked(reading)) });
}

/** The rows of a page match, so there are at least so many. */
const atLeast = ({ keys, total, isExact }: CellsPage): CellsPage => ({
  keys,
  total: isExact ? total : Math.max(total, keys.length),
  isExact,
});

async function countMarked(reading: Reading): Promise<{ total: number; isExact: boolean }> {
  const { tx, filter, order } = reading;
  const matching = matchingOf(reading);
  if (order.also.length > 0) return await countAlso(reading, matching);
  if (order.q === undefined) return { total: sumOf(matching), isExact: true };
  if (filter.count === "exact")
    return { total: await countAllNamed(tx, filter, { ranges: matching, q: order.q }), isExact: true };
  const { count, isExact } = await countNamed(tx, filter, matching, order.q);
  return { total: count, isExact };
}

/** The same with conditions, of which no numbers are kept, except of versions. */
async function countAlso(
  { tx, filter, order, cells }: Reading,
  matching: CellCount[],
): Promise<{ total: number; isExact: boolean }> {
  if (filter.versions && order.q === undefined && !isNarrow(filter)) {
    const counted = await countCells(tx, {}, filter.versions);
    return { total: sumOf(counted.filter(({ cell }) => cells.has(cell))), isExact: true };
  }
  if (filter.count !== "exact") return { total: 0, isExact: false };
  return { total: await countAllThat(tx, matching, { conditions: conditionsOf(order) }), isExact: true };
}

const conditionsOf = ({ q, also }: Order) => [...(q === undefined ? [] : [hasText(q)]), ...also];

/** Leaves out the few sensors that no longer have the status, and adds those that now have it. */
async function readCorrected(reading: Reading, onlineSince: number): Promise<CellsPage> {
  const { tx, filter, order, cells, wanted } = reading;
  const { q } = order;
  const moved = (await listMisplaced(tx, filter, onlineSince, order.also)).filter(
    ({ hostnameKey }) => !q || hasName(hostnameKey, q),
  );
  const gone = new Set(moved.filter(isGone(cells)).map(({ sensorId }) => sensorId));
  const come = moved.filter(isCome(cells));
  const stored = await readCells(reading, wanted + gone.size);
  const keys = [
    ...stored.filter(({ id }) => !gone.has(id)),
    ...inOrder(
      come.map((sensor) => keyOf(sensor, order)),
      order,
    ),
  ];
  const { total, isExact } = await countMarked(reading);
  return atLeast({
    keys: inOrder(keys, order).slice(0, wanted),
    total: Math.max(0, total - gone.size + come.length),
    isExact,
  });
}

/** Reads the sensors of a status regardless of their marks. */
async function readUnmarked(reading: Reading, seen: Seen, total: number): Promise<CellsPage> {
  const { tx, filter, order, cells, counted, wanted } = reading;
  const both = new Set([...cells].flatMap((cell) => [cell, flipped(cell)]));
  const ranges = counted.filter(({ cell }) => both.has(cell));
  const { column, q, also } = order;
  if (total <= filter.few) {
    const ids = await listSeen(tx, filter, { cells, seen, most: filter.few });
    const keys = await readKeys(tx, ids, { ...filter, column, cells: [...both], seen, q, also });
    return { keys: inOrder(keys, order).slice(0, wanted), total: keys.length, isExact: true };
  }
  const all =
    q === undefined && also.length === 0
      ? total
      : filter.count !== "exact"
        ? undefined
        : q === undefined || also.length > 0
          ? await countAllThat(tx, ranges, { conditions: conditionsOf(order), seen })
          : await countAllNamed(tx, filter, { ranges, q, seen });
  const keys =
    column === "silent_since"
      ? [
          ...(await walkSeen(tx, ranges, wanted, { ...order, seen, isSilent: 0 })),
          ...(await walkSeen(tx, ranges, wanted, { ...order, seen, isSilent: 1 })),
        ]
      : await mergeRanges(ranges, wanted, comparison(order), (some, most) =>
          readRanges(tx, some, most, { ...order, seen }),
        );
  const found = inOrder(keys, order).slice(0, wanted);
  return { keys: found, total: all ?? found.length, isExact: all !== undefined };
}

/** Returns the first sensors of the cells, of each sort of cells in order. */
async function readCells(reading: Reading, wanted: number): Promise<RowKey[]> {
  const { tx, order } = reading;
  const matching = matchingOf(reading);
  const merge = (ranges: readonly CellCount[]) =>
    mergeRanges(ranges, wanted, comparison(order), (some, most) => readRanges(tx, some, most, order));
  if (order.column !== "silent_since") return await merge(matching);
  const isSilent = ({ cell }: CellCount) => cellOf(cell).isSilent;
  const seen = await readSeenCells(
    reading,
    matching.filter((range) => !isSilent(range)),
    wanted,
  );
  return inOrder([...seen, ...(await merge(matching.filter(isSilent)))], order);
}

/**
 * Sensors that check in have no order within their cells, because each check-in would have to write it. So
 * either all of them are read in the order of their check-ins until the page is full, or all of the cells,
 * whichever takes less time.
 */
async function readSeenCells({ tx, order }: Reading, ranges: CellCount[], wanted: number): Promise<RowKey[]> {
  if (ranges.length === 0) return [];
  const all = (await countCells(tx, {})).filter(({ cell }) => !cellOf(cell).isSilent);
  const sensors = sumOf(ranges);
  return sensors * sensors * PASSED > wanted * sumOf(all)
    ? await walkSeen(tx, ranges, wanted, { ...order, isSilent: 0 })
    : await sortSeen(tx, ranges, wanted, order);
}

function keyOf({ sensorId, hostnameKey, enrolledAt, lastSeenAt }: Misplaced, { column }: Order): RowKey {
  const value = { hostname_key: hostnameKey, enrolled_at: enrolledAt, silent_since: lastSeenAt };
  return { value: value[column], id: sensorId };
}

/** Returns the sensors after those of the last page, in the order of the list. */
export function inOrder(keys: readonly RowKey[], order: Order): RowKey[] {
  const { after } = order;
  const compare = comparison(order);
  return keys.filter((key) => after === undefined || compare(key, keyAt(after)) > 0).toSorted(compare);
}

const keyAt = ({ g, v, id }: Cursor): RowKey => ({ ...(g === undefined ? {} : { group: g }), value: v, id });

const comparison = ({ order }: Order) =>
  order === "asc" ? compareKeys : (one: RowKey, other: RowKey) => compareKeys(other, one);

const sumOf = (counts: readonly { sensors: number }[]) =>
  counts.reduce((sum, { sensors }) => sum + sensors, 0);
