// The list of sensors. Its rows are in cells, whose sizes are known: so the number of matching sensors needs
// no count, and a page is merged from the first sensors of each matching cell. A search, and the search for
// possible duplicates, first find candidates with an index.
import { sensorId } from "@attacklens/protocol/ids.ts";
import { type KeysetPage, loadPage, type RowKey, readCursor } from "../db/keyset.ts";
import { cellsOf, withAnySilence } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { FEW, findMisplaced, inOrder, readCellsPage } from "./cells-page-store.ts";
import { type ClassFilter, countCells } from "./class-filter-store.ts";
import { type Narrowing, narrowingsOf, searchByFact, type TextFilters } from "./filters-store.ts";
import { findCandidates, type Reading } from "./list-candidates-store.ts";
import { type Order, readKeys, seenOf } from "./listing-store.ts";
import {
  type ListedRow,
  listSensorRows,
  listStateRows,
  type SensorStateRow,
} from "./record/sensors-store.ts";
import {
  keyOfLabel,
  LABEL_SORTS,
  type Label,
  type LabelSort,
  labelOf,
  labelsFrom,
  mergeLabels,
} from "./sort-labels-store.ts";
import { readWalked, WALKED_SORTS, type WalkedSort, walkedColumn } from "./walked-sorts-store.ts";

/** Sorts that have an index within each cell. */
const CELL_SORTS = {
  hostname: { column: "hostname_key", type: "text" },
  // Of silent sensors. The others are read in the order of the table of presence.
  lastSeenAt: { column: "silent_since", type: "number" },
  enrolledAt: { column: "enrolled_at", type: "number" },
} as const;
const BY_HOSTNAME = CELL_SORTS.hostname;

export interface SensorPage extends TextFilters, ClassFilter {
  /** Of the one sensor that is searched. */
  id?: string | undefined;
  match?: "any" | undefined;
  /** See `atTime`. */
  notSeenFor?: undefined;
  sort: keyof typeof CELL_SORTS | LabelSort | WalkedSort;
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
 * page; absent: as many as take the least time.
 */
export async function pageOfSensors(
  db: Database,
  onlineSince: number,
  page: SensorPage,
  few?: number,
): Promise<KeysetPage<ListedRow>> {
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
  return await pageOf(db, onlineSince, page, undefined, listStateRows);
}

async function pageOf<Row extends { id: string }>(
  db: Database,
  onlineSince: number,
  page: SensorPage,
  few: number | undefined,
  load: (tx: Database, ids: string[]) => Promise<Row[]>,
): Promise<KeysetPage<Row>> {
  const { column, type } = isCellSort(page.sort) ? CELL_SORTS[page.sort] : BY_HOSTNAME;
  const after = readCursor({ ...page, sortName: page.sort, type });
  return await inSnapshot(db, async (tx) => {
    const fact = page.q ? await searchByFact(tx, page.q) : undefined;
    const q = fact ? undefined : page.q;
    const narrowings = [...(fact ? [fact] : []), ...narrowingsOf(tx, page)];
    const order = { column, order: page.order, after, q, also: conditionsOf(narrowings) };
    const reading = { tx, onlineSince, few: few ?? (await countFew(tx, page.limit)) };
    const { keys, ...count } = await findKeys(reading, { ...page, q }, { narrowings, order });
    const shown = { sortName: page.sort, order: page.order, limit: page.limit };
    return { ...(await loadPage(tx, keys, shown, load)), ...count };
  });
}

interface Found {
  keys: RowKey[];
  total: number;
  totalIsCapped: boolean;
}

interface Wanted {
  narrowings: readonly Narrowing[];
  order: Order;
}

const isCellSort = (sort: SensorPage["sort"]): sort is keyof typeof CELL_SORTS =>
  Object.hasOwn(CELL_SORTS, sort);
const isWalkedSort = (sort: SensorPage["sort"]): sort is WalkedSort => WALKED_SORTS.includes(sort as never);
const isLabelSort = (sort: SensorPage["sort"]): sort is LabelSort => LABEL_SORTS.includes(sort as never);
const conditionsOf = (narrowings: readonly Narrowing[]) => narrowings.map(({ condition }) => condition);

/** To read so many takes as long as to pass over sensors of an index of all until the page is full. */
async function countFew(tx: Database, limit: number): Promise<number> {
  const sensors = (await countCells(tx, {})).reduce((sum, cell) => sum + cell.sensors, 0);
  return Math.max(FEW, Math.round(Math.sqrt(limit * sensors)));
}

async function findKeys(reading: Reading, page: SensorPage, wanted: Wanted): Promise<Found> {
  const { sort } = page;
  const ids = await findCandidates(reading, page, wanted.narrowings);
  if (ids) return await keysOfCandidates(reading, page, ids, wanted.order);
  if (isCellSort(sort)) return await keysOfCells(reading, page, wanted.order);
  if ((await countPossible(reading, page)) <= reading.few)
    return await keysOfCandidates(reading, page, undefined, wanted.order);
  // The numbers do not depend on the order.
  const first = { ...page, sort: "hostname", limit: 0, isCount: true } as const;
  const count = await keysOfCells(reading, first, { ...wanted.order, after: undefined });
  const keys = isWalkedSort(sort)
    ? await keysOfWalked(reading, { ...page, sort }, wanted.order)
    : await keysOfLabels(reading, { ...page, sort }, wanted.order);
  return { ...count, keys };
}

/** Counts the sensors of the cells and classes of the filter, with any silence. */
async function countPossible({ tx }: Reading, page: SensorPage): Promise<number> {
  const cells = new Set(withAnySilence(cellsOf(page)));
  return (await countCells(tx, page)).reduce(
    (sum, { cell, sensors }) => sum + (cells.has(cell) ? sensors : 0),
    0,
  );
}

/** Reads the sensors in the order of a column with many values. */
async function keysOfWalked(
  { tx, onlineSince, few }: Reading,
  page: SensorPage & { sort: WalkedSort },
  order: Order,
): Promise<RowKey[]> {
  const wanted = page.limit + 1;
  const seen = seenOf(page.status, onlineSince);
  const misplaced = seen && (await findMisplaced(tx, onlineSince, { ...page, few }, order));
  if (!misplaced) return await readWalked(tx, page.sort, page, wanted, { ...order, seen });
  const { gone, come } = misplaced;
  const stored = await readWalked(tx, page.sort, page, wanted + gone.size, order);
  const ids = come.map(({ sensorId }) => sensorId);
  const cells = withAnySilence(cellsOf(page));
  const { column, q, also } = order;
  const added =
    ids.length === 0
      ? []
      : await readKeys(tx, ids, { column, cells, q, also, seen }, walkedColumn(page.sort));
  return inOrder([...stored.filter(({ id }) => !gone.has(id)), ...added], order).slice(0, wanted);
}

/**
 * Reads the sensors of one value after another until the page is full. Values with few sensors are read
 * together.
 */
async function keysOfLabels(
  reading: Reading,
  page: SensorPage & { sort: LabelSort },
  order: Order,
): Promise<RowKey[]> {
  const keys: RowKey[] = [];
  const { sort, limit } = page;
  const { after } = order;
  let together: Label[] = [];
  const readTogether = async () => {
    const some = together;
    together = [];
    if (some.length === 0) return;
    const rest = { ...page, ...mergeLabels(some), limit: limit - keys.length };
    keys.push(...(await keysOfCandidates(reading, rest, undefined, order)).keys);
  };
  for await (const label of labelsFrom(reading.tx, sort, page, { order: page.order, from: after?.g })) {
    const sensors = together.reduce((sum, one) => sum + one.sensors, label.sensors);
    if (sensors > reading.few) await readTogether();
    if (keys.length > limit) break;
    if (label.sensors <= reading.few) {
      together.push(label);
      continue;
    }
    const rest = { ...page, ...label.filter, sort: "hostname", limit: limit - keys.length } as const;
    const { keys: found } = await keysOfCells(reading, rest, {
      ...order,
      after: label.key === after?.g ? { v: after.v, id: after.id } : undefined,
    });
    keys.push(...found.map((key) => ({ ...key, group: label.key })));
    if (keys.length > limit) break;
  }
  if (keys.length <= limit) await readTogether();
  return keys;
}

/** Reads all candidates. Without ids, they are all sensors of the filter. */
async function keysOfCandidates(
  { tx, onlineSince }: Reading,
  page: SensorPage,
  ids: string[] | undefined,
  order: Order,
): Promise<Found> {
  const { status, platform, limit, sort } = page;
  const { column, q, also } = order;
  // Without silence, which may have changed since the job last looked.
  const cells = withAnySilence(cellsOf({ status, platform }));
  const seen = seenOf(status, onlineSince);
  const by = isCellSort(sort)
    ? undefined
    : isWalkedSort(sort)
      ? walkedColumn(sort)
      : labelOf(sort, onlineSince);
  const found = await readKeys(tx, ids, { ...page, column, cells, seen, q, also }, by);
  const keys = isLabelSort(sort)
    ? found.map(({ group, ...key }) => ({ ...key, group: keyOfLabel(sort, group!) }))
    : found;
  return { keys: inOrder(keys, order).slice(0, limit + 1), total: found.length, totalIsCapped: false };
}

/** Merges the page from the cells of the filter. */
async function keysOfCells(
  { tx, onlineSince, few }: Reading,
  page: SensorPage & { isCount?: boolean },
  order: Order,
): Promise<Found> {
  const { keys, total, isExact } = await readCellsPage(tx, onlineSince, { ...page, few }, order);
  return { keys, total, totalIsCapped: !isExact };
}
