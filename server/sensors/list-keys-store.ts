// The keys of the sensors on a page: of a few that are read and sorted, and merged from cells.
import { texts } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import { cellsOf, withAnySilence } from "../db/listing-cells.ts";
import { inOrder, readCellsPage } from "./cells-page-store.ts";
import {
  type KeysFilter,
  type Order,
  readKeys,
  type SortedBy,
  type Source,
  seenOf,
} from "./listing-store.ts";
import { areOffline, type Members } from "./members-store.ts";
import { findMisplaced, type Misplacement } from "./misplaced-store.ts";
import { type Found, isCellSort, isWalkedSort, type Reading, type SensorPage } from "./sensor-page-store.ts";
import { byClass, byStatus } from "./sort-labels-store.ts";
import { walkedColumn } from "./walked-sorts-store.ts";

/**
 * Returns the sensors whose silence has changed since the job last looked; undefined: many. They are found
 * once for each status.
 */
export async function misplacedIn(
  { tx, onlineSince, few, chosen, misplaced }: Reading,
  page: SensorPage,
  order: Order,
): Promise<Misplacement | undefined> {
  const { status = "" } = page;
  if (!seenOf(status, onlineSince)) return { gone: new Set(), come: [] };
  const found = misplaced.get(status) ?? findMisplaced(tx, onlineSince, { ...page, chosen, few }, order);
  misplaced.set(status, found);
  return await found;
}

/** Returns the order of the members, if there are some. */
export const amongMembers = ({ members, chosen }: Reading, order: Order): Order =>
  members ? { ...order, among: members.ids(chosen.classes) } : order;

/** Reads all candidates. */
export async function keysOfCandidates(
  reading: Reading,
  page: SensorPage,
  source: Source,
  order: Order,
): Promise<Found> {
  const { onlineSince, chosen } = reading;
  // Without silence, which may have changed since the job last looked.
  const cells = withAnySilence(cellsOf(page));
  const seen = seenOf(page.status, onlineSince);
  return await readPart(reading, source, page, { ...order, chosen, cells, seen });
}

/** Reads all members that are chosen. */
async function keysOfMembers(
  reading: Reading,
  members: Members,
  page: SensorPage,
  order: Order,
): Promise<Found> {
  const { onlineSince, chosen } = reading;
  const seen = areOffline(members, onlineSince) ? undefined : seenOf(page.status, onlineSince);
  const source = members.ids(chosen.classes, page);
  return await readPart(reading, source, page, { ...order, chosen, cells: undefined, seen });
}

/** Reads all chosen sensors. */
export async function keysOfChosen(reading: Reading, page: SensorPage, order: Order): Promise<Found> {
  const { onlineSince, chosen, members } = reading;
  if (members) return await keysOfMembers(reading, members, page, order);
  const misplaced = await misplacedIn(reading, page, order);
  const cells = misplaced ? cellsOf(page).map(({ number }) => number) : withAnySilence(cellsOf(page));
  const seen = misplaced ? undefined : seenOf(page.status, onlineSince);
  const { gone, come } = misplaced ?? { gone: new Set(), come: [] };
  const filter = { ...order, chosen, cells, seen };
  const more = { ...page, limit: page.limit + gone.size };
  const stored = await readPart(reading, undefined, more, filter);
  if (!misplaced || (gone.size === 0 && come.length === 0)) return stored;
  const keys = [
    ...stored.keys.filter(({ id }) => !gone.has(id)),
    ...(await readCome(reading, page, misplaced, order)),
  ];
  return { ...stored, keys: inOrder(keys, order).slice(0, page.limit + 1) };
}

/** Reads the sensors that have the status, but are not marked with it yet. */
export async function readCome(
  reading: Reading,
  page: SensorPage,
  { come }: Misplacement,
  order: Order,
): Promise<RowKey[]> {
  if (come.length === 0) return [];
  const { tx, chosen } = reading;
  const source = texts(
    tx,
    come.map(({ sensorId }) => sensorId),
  );
  const filter = { ...order, chosen, cells: withAnySilence(cellsOf(page)), seen: undefined };
  return (await readPart(reading, source, page, filter)).keys;
}

/** Reads and sorts the sensors that match. */
async function readPart(
  reading: Reading,
  source: Source | undefined,
  { sort, limit }: SensorPage,
  filter: KeysFilter & Order,
): Promise<Found> {
  const by = sortedBy(reading, sort);
  const { keys, total } = await readKeys(reading.tx, source, filter, by, { ...filter, wanted: limit + 1 });
  return { keys, total, totalIsCapped: false };
}

/** Returns where the column of the sort is; undefined: in the table of lists. */
function sortedBy(
  { tx, onlineSince, keyOf, classes }: Reading,
  sort: SensorPage["sort"],
): SortedBy | undefined {
  if (isCellSort(sort)) return undefined;
  if (isWalkedSort(sort)) return walkedColumn(sort);
  if (!keyOf) return byStatus(onlineSince);
  return byClass(
    tx,
    keyOf,
    classes.map(({ of }) => of),
  );
}

/** Merges the page from the cells of the filter. */
export async function keysOfCells(
  reading: Reading,
  page: SensorPage & { isCount?: boolean },
  order: Order,
): Promise<Found> {
  const { tx, onlineSince, few, chosen, members } = reading;
  const some = amongMembers(reading, order);
  const misplaced = await misplacedIn(reading, page, some);
  return await readCellsPage(tx, onlineSince, { ...page, few, chosen, misplaced, members }, some);
}
