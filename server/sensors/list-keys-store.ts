// The keys of the sensors on a page: of a few that are read and sorted, and merged from cells.
import { texts } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import { cellsOf, withAnySilence } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inOrder, readCellsPage } from "./cells-page-store.ts";
import { type KeysFilter, type Order, readKeys, type Source, seenOf } from "./listing-store.ts";
import { findMisplaced, type Misplacement } from "./misplaced-store.ts";
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

/** Returns the order of the members, if there are some. */
export const amongMembers = ({ members, chosen }: Reading, order: Order): Order =>
  members ? { ...order, among: members.ids(chosen.classes) } : order;

/** Reads all candidates. */
export async function keysOfCandidates(
  { tx, onlineSince, chosen }: Reading,
  page: SensorPage,
  source: Source,
  order: Order,
): Promise<Found> {
  // Without silence, which may have changed since the job last looked.
  const cells = withAnySilence(cellsOf(page));
  const seen = seenOf(page.status, onlineSince);
  return await readPart(tx, source, page, { ...order, chosen, cells, seen }, onlineSince);
}

/** Reads all chosen sensors. */
export async function keysOfChosen(reading: Reading, page: SensorPage, order: Order): Promise<Found> {
  const { tx, onlineSince, chosen, members } = reading;
  if (members) return await keysOfCandidates(reading, page, members.ids(chosen.classes, page), order);
  const misplaced = await misplacedIn(reading, page, order);
  const cells = misplaced ? cellsOf(page).map(({ number }) => number) : withAnySilence(cellsOf(page));
  const seen = misplaced ? undefined : seenOf(page.status, onlineSince);
  const { gone, come } = misplaced ?? { gone: new Set(), come: [] };
  const filter = { ...order, chosen, cells, seen };
  const more = { ...page, limit: page.limit + gone.size };
  const stored = await readPart(tx, undefined, more, filter, onlineSince);
  if (!misplaced || (gone.size === 0 && come.length === 0)) return stored;
  const keys = [
    ...stored.keys.filter(({ id }) => !gone.has(id)),
    ...(await readCome(reading, page, misplaced, order)),
  ];
  return { ...stored, keys: inOrder(keys, order).slice(0, page.limit + 1) };
}

/** Reads the sensors that have the status, but are not marked with it yet. */
export async function readCome(
  { tx, onlineSince, chosen }: Reading,
  page: SensorPage,
  { come }: Misplacement,
  order: Order,
): Promise<RowKey[]> {
  if (come.length === 0) return [];
  const source = texts(
    tx,
    come.map(({ sensorId }) => sensorId),
  );
  const filter = { ...order, chosen, cells: withAnySilence(cellsOf(page)), seen: undefined };
  return (await readPart(tx, source, page, filter, onlineSince)).keys;
}

/** Reads and sorts the sensors that match. */
async function readPart(
  tx: Database,
  source: Source | undefined,
  { sort, limit }: SensorPage,
  filter: KeysFilter & Order,
  onlineSince: number,
): Promise<Found> {
  const by = isCellSort(sort)
    ? undefined
    : isWalkedSort(sort)
      ? walkedColumn(sort)
      : labelOf(sort, onlineSince);
  // The database does not sort by the numbers of a version.
  const wanted = sort === "version" ? undefined : limit + 1;
  const { keys, total } = await readKeys(tx, source, filter, by, { ...filter, wanted });
  const sorted = isLabelSort(sort)
    ? keys.map(({ group, ...key }) => ({ ...key, group: keyOfLabel(sort, group!) }))
    : keys;
  return { keys: inOrder(sorted, filter).slice(0, limit + 1), total, totalIsCapped: false };
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
  const { keys, total, isExact } = await readCellsPage(
    tx,
    onlineSince,
    { ...page, few, chosen, misplaced, members },
    some,
  );
  return { keys, total, totalIsCapped: !isExact };
}
