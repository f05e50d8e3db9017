// The sensors on a page, merged from the first sensors of each cell. A job marks the sensors whose silence
// the clock changed. A page with such a status corrects for those that it has not marked yet: a few of them
// are merged in or left out. If there are many, as after an outage, the page looks at when each was seen.
import type { Cursor, RowKey } from "../db/keyset.ts";
import { type CellFilter, cellOf, cellsOf, flipped } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { type CellCount, type Chosen, countChosen, sumOf } from "./classes-store.ts";
import { cellsIn, comparison, readFirst } from "./first-of-cells-store.ts";
import { countAllNamed, countAllThat, countNamed } from "./listing-count-store.ts";
import { type Order, readKeys, type Seen, seenOf } from "./listing-store.ts";
import { countMembersIn, isWalkable, type Members, sortMembers } from "./members-store.ts";
import { countMoved, type Misplacement } from "./misplaced-store.ts";
import { type Misplaced, seenSource, sortSeen, walkSeen } from "./seen-store.ts";
import { atLeast, type Found } from "./sensor-page-store.ts";

/** So many sensors are passed over in the order of check-ins in the time that reads one of a cell. */
const PASSED = 30;

interface Filter extends CellFilter {
  chosen: Chosen;
  limit: number;
  few: number;
  /** Absent: many are misplaced. */
  misplaced: Misplacement | undefined;
  /** Present: the order is among them. */
  members?: Members | undefined;
  count?: "exact" | undefined;
  /** Only the number of sensors is wanted. */
  isCount?: boolean;
}

interface Reading {
  tx: Database;
  onlineSince: number;
  filter: Filter;
  order: Order;
  /** The cells of the filter. */
  cells: ReadonlySet<number>;
  /** All cells of the chosen sensors. */
  counted: readonly CellCount[];
  /** One row more than the page has. */
  wanted: number;
}

/** Returns the sensors of a page, and one more if another page follows. */
export async function readCellsPage(
  tx: Database,
  onlineSince: number,
  filter: Filter,
  order: Order,
): Promise<Found> {
  const seen = seenOf(filter.status, onlineSince);
  const cells = new Set(cellsOf(filter).map(({ number }) => number));
  const counted = countChosen(filter.chosen);
  const reading: Reading = { tx, onlineSince, filter, order, cells, counted, wanted: filter.limit + 1 };
  if (!seen) return await readMarked(reading);
  const { misplaced } = filter;
  if (!misplaced) return await readUnmarked(reading, seen, onlineSince);
  return misplaced.gone.size + misplaced.come.length === 0
    ? await readMarked(reading)
    : await readCorrected(reading, misplaced);
}

const matchingOf = ({ counted, cells }: Reading) => counted.filter(({ cell }) => cells.has(cell));

/** Reads a page whose sensors are all marked. */
async function readMarked(reading: Reading): Promise<Found> {
  const { wanted, filter, order } = reading;
  if (filter.isCount) return { keys: [], ...(await countMarked(reading)) };
  const keys = inOrder(await readCells(reading, wanted), order).slice(0, wanted);
  return atLeast({ keys, ...(await countMarked(reading)) });
}

/** Returns the number of sensors that match, if numbers have all conditions. */
function countMatching(reading: Reading): number | undefined {
  const { q, also } = reading.order;
  const { chosen, members } = reading.filter;
  if (q !== undefined || also.length > 0) return undefined;
  if (!members) return sumOf(matchingOf(reading));
  return countMembersIn(members, chosen, reading.cells, reading.onlineSince);
}

async function countMarked(reading: Reading): Promise<Omit<Found, "keys">> {
  const { tx, filter, order } = reading;
  const { q, also } = order;
  const matching = matchingOf(reading);
  const cells = cellsIn(matching);
  const total = countMatching(reading);
  if (total !== undefined) return { total, totalIsCapped: false };
  // No numbers of other conditions are kept.
  if (filter.count === "exact")
    return {
      total:
        q === undefined || also.length > 0 || order.among
          ? await countAllThat(tx, filter.chosen, cells, order)
          : await countAllNamed(tx, filter.chosen, { cells, q }),
      totalIsCapped: false,
    };
  if (q === undefined || also.length > 0 || order.among) return { total: 0, totalIsCapped: true };
  const { count, isExact } = await countNamed(tx, filter.chosen, matching, q);
  return { total: count, totalIsCapped: !isExact };
}

/** Leaves out the few sensors that no longer have the status, and adds those that now have it. */
async function readCorrected(reading: Reading, { gone, come: all }: Misplacement): Promise<Found> {
  const { order, wanted, filter } = reading;
  const ids = filter.chosen.classes && new Set(filter.chosen.classes.map(({ of }) => of.id));
  const come = all.filter(({ classId }) => ids?.has(Number(classId)) ?? true);
  const stored = await readCells(reading, wanted + gone.size);
  const keys = [
    ...stored.filter(({ id }) => !gone.has(id)),
    ...inOrder(
      come.map((sensor) => keyOf(sensor, order)),
      order,
    ),
  ];
  const { total, totalIsCapped } = await countMarked(reading);
  // The numbers of members do not depend on the marks.
  const isOfNow = filter.members !== undefined && countMatching(reading) !== undefined;
  const moved = isOfNow ? 0 : come.length - gone.size;
  return atLeast({
    keys: inOrder(keys, order).slice(0, wanted),
    total: Math.max(0, total + moved),
    totalIsCapped,
  });
}

/** Reads the sensors of a status regardless of their marks. */
async function readUnmarked(reading: Reading, seen: Seen, onlineSince: number): Promise<Found> {
  const { tx, filter, cells, counted, wanted } = reading;
  const moved = await countMoved(tx, onlineSince, filter.chosen, cells);
  const total = sumOf(matchingOf(reading)) - moved.gone + moved.come;
  const order = { ...reading.order, seen };
  const both = new Set([...cells].flatMap((cell) => [cell, flipped(cell)]));
  const marked = counted.filter(({ cell }) => both.has(cell));
  const { column, q, also, among } = order;
  if (total <= filter.few) {
    const source = seenSource(tx, filter.chosen, { cells, seen });
    const found = { ...order, chosen: filter.chosen, cells: [...both], seen };
    return { ...(await readKeys(tx, source, found, undefined, { ...order, wanted })), totalIsCapped: false };
  }
  const all =
    q === undefined && also.length === 0 && !among
      ? total
      : filter.count !== "exact"
        ? undefined
        : q === undefined || also.length > 0 || among
          ? await countAllThat(tx, filter.chosen, cellsIn(marked), order)
          : await countAllNamed(tx, filter.chosen, { cells: cellsIn(marked), q, seen });
  const keys =
    column === "silent_since"
      ? [
          ...(await walkSeen(tx, filter.chosen, cellsIn(marked), wanted, { ...order, isSilent: 0 })),
          ...(await walkSeen(tx, filter.chosen, cellsIn(marked), wanted, { ...order, isSilent: 1 })),
        ]
      : await readFirst({ ...reading, order }, marked, wanted);
  const found = inOrder(keys, order).slice(0, wanted);
  return { keys: found, total: all ?? found.length, totalIsCapped: all === undefined };
}

/** Returns the first sensors of the cells, of each sort of cells in order. */
async function readCells(reading: Reading, wanted: number): Promise<RowKey[]> {
  const { order } = reading;
  const matching = matchingOf(reading);
  if (order.column !== "silent_since") return await readFirst(reading, matching, wanted);
  const isSilent = ({ cell }: CellCount) => cellOf(cell).isSilent;
  const seen = await readSeenCells(
    reading,
    matching.filter((count) => !isSilent(count)),
    wanted,
  );
  return inOrder([...seen, ...(await readFirst(reading, matching.filter(isSilent), wanted))], order);
}

/**
 * Sensors that check in have no order within their cells, because each check-in would have to write it. So
 * either all of them are read in the order of their check-ins until the page is full, or all of the cells,
 * whichever takes less time.
 */
async function readSeenCells(
  { tx, filter, order }: Reading,
  counted: CellCount[],
  wanted: number,
): Promise<RowKey[]> {
  if (counted.length === 0) return [];
  const { chosen, members } = filter;
  if (members && !isWalkable(members, chosen, cellsIn(counted), wanted))
    return await sortMembers(tx, members, chosen, cellsIn(counted), { ...order, wanted });
  const all = filter.chosen.all.filter(({ cell }) => !cellOf(cell).isSilent);
  const sensors = sumOf(counted);
  return members || sensors * sensors * PASSED > wanted * sumOf(all)
    ? await walkSeen(tx, filter.chosen, cellsIn(counted), wanted, { ...order, isSilent: 0 })
    : await sortSeen(tx, filter.chosen, cellsIn(counted), wanted, order);
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
