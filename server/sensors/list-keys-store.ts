// The keys of the sensors on a page: of a few that are read and sorted, and merged from cells.
import type { RowKey } from "../db/keyset.ts";
import { cellsOf, withAnySilence } from "../db/listing-cells.ts";
import { findMisplaced, inOrder, type Misplacement, readCellsPage } from "./cells-page-store.ts";
import { type Order, readKeys, seenOf } from "./listing-store.ts";
import {
  type Found,
  isCellSort,
  isLabelSort,
  isWalkedSort,
  type Reading,
  type SensorPage,
} from "./sensor-page-store.ts";
import { keyOfLabel, labelOf } from "./sort-labels-store.ts";
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

/** Reads all candidates. */
export async function keysOfCandidates(
  { tx, onlineSince, chosen }: Reading,
  page: SensorPage,
  ids: string[],
  order: Order,
): Promise<Found> {
  // Without silence, which may have changed since the job last looked.
  const cells = withAnySilence(cellsOf(page));
  const seen = seenOf(page.status, onlineSince);
  const found = await readKeys(tx, ids, { ...order, chosen, cells, seen }, columnOf(page.sort, onlineSince));
  return pageOfKeys(found, page, order);
}

/** Reads all chosen sensors. */
export async function keysOfChosen(reading: Reading, page: SensorPage, order: Order): Promise<Found> {
  const { tx, onlineSince, chosen } = reading;
  const by = columnOf(page.sort, onlineSince);
  const misplaced = await misplacedIn(reading, page, order);
  const cells = misplaced ? cellsOf(page).map(({ number }) => number) : withAnySilence(cellsOf(page));
  const seen = misplaced ? undefined : seenOf(page.status, onlineSince);
  const stored = await readKeys(tx, undefined, { ...order, chosen, cells, seen }, by);
  const come = misplaced ? await readCome(reading, page, misplaced, order) : [];
  return pageOfKeys([...stored.filter(({ id }) => !misplaced?.gone.has(id)), ...come], page, order);
}

/** Reads the sensors that have the status, but are not marked with it yet. */
export async function readCome(
  { tx, onlineSince, chosen }: Reading,
  page: SensorPage,
  { come }: Misplacement,
  order: Order,
): Promise<RowKey[]> {
  if (come.length === 0) return [];
  const ids = come.map(({ sensorId }) => sensorId);
  const cells = withAnySilence(cellsOf(page));
  return await readKeys(
    tx,
    ids,
    { ...order, chosen, cells, seen: undefined },
    columnOf(page.sort, onlineSince),
  );
}

/** Returns where the column is, unless it is in the table of the list. */
function columnOf(sort: SensorPage["sort"], onlineSince: number) {
  if (isCellSort(sort)) return undefined;
  return isWalkedSort(sort) ? walkedColumn(sort) : labelOf(sort, onlineSince);
}

/** Returns the page of all sensors that match. */
function pageOfKeys(found: readonly RowKey[], { sort, limit }: SensorPage, order: Order): Found {
  const keys = isLabelSort(sort)
    ? found.map(({ group, ...key }) => ({ ...key, group: keyOfLabel(sort, group!) }))
    : found;
  return { keys: inOrder(keys, order).slice(0, limit + 1), total: found.length, totalIsCapped: false };
}

/** Merges the page from the cells of the filter. */
export async function keysOfCells(
  reading: Reading,
  page: SensorPage & { isCount?: boolean },
  order: Order,
): Promise<Found> {
  const { tx, onlineSince, few, chosen } = reading;
  const misplaced = await misplacedIn(reading, page, order);
  const { keys, total, isExact } = await readCellsPage(
    tx,
    onlineSince,
    { ...page, few, chosen, misplaced },
    order,
  );
  return { keys, total, totalIsCapped: !isExact };
}
