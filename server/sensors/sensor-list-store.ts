// The list of sensors. Its rows are in cells, whose sizes are known: so the number of matching sensors needs
// no count, and a page is merged from the first sensors of each matching cell. A search, and the search for
// possible duplicates, first find candidates with an index.
import { sensorId } from "@attacklens/protocol/ids.ts";
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { type KeysetPage, loadPage, readCursor } from "../db/keyset.ts";
import { isListed } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { type Chosen, chooseClasses, countCells, countClasses, isNarrow } from "./classes-store.ts";
import { byId, bySilence, type Narrowing, narrowingsOf, searchByFact } from "./filters-store.ts";
import { FEW } from "./first-of-cells-store.ts";
import { findCandidates } from "./list-candidates-store.ts";
import { keysOfCandidates, keysOfCells, keysOfChosen } from "./list-keys-store.ts";
import type { Order } from "./listing-store.ts";
import { findMembers, mostSorted } from "./members-store.ts";
import {
  type ListedRow,
  listSensorRows,
  listStateRows,
  type SensorStateRow,
} from "./record/sensors-store.ts";
import {
  BY_HOSTNAME,
  CELL_SORTS,
  type Found,
  isCellSort,
  isLabelSort,
  isWalkedSort,
  type Reading,
  type SensorPage,
} from "./sensor-page-store.ts";
import { keysOf } from "./sort-labels-store.ts";
import { isCounted, keysOfLabels, keysOfWalked } from "./sorted-list-store.ts";

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

/** `onlineSince` is the earliest last check-in that counts as online. `limits`: absent, the fastest. */
export async function pageOfSensors(
  db: Database,
  onlineSince: number,
  page: SensorPage,
  limits?: Limits,
): Promise<KeysetPage<ListedRow>> {
  const { q } = page;
  // An id is not part of a name.
  const id = q !== undefined && sensorId.safeParse(q.trim()).success ? q.trim() : undefined;
  const search = id === undefined ? page : { ...page, id, q: undefined };
  return await pageOf(db, onlineSince, withoutOnline(search, onlineSince), limits, listSensorRows);
}

/**
 * Returns the same page, without the status online if no such sensor matches. Otherwise a list would pass
 * over all of them.
 */
function withoutOnline(page: SensorPage, onlineSince: number): SensorPage {
  const { seenBefore, status } = page;
  if (!seenBefore || Date.parse(seenBefore) > onlineSince) return page;
  const statuses: string[] = status?.split(",") ?? SENSOR_STATUSES.filter((status) => isListed({ status }));
  return { ...page, status: statuses.filter((one) => one !== "online").join() };
}

/** The same, with only the columns that decide which actions are possible. */
export async function pageOfStates(
  db: Database,
  onlineSince: number,
  page: SensorPage,
): Promise<KeysetPage<SensorStateRow>> {
  return await pageOf(db, onlineSince, withoutOnline(page, onlineSince), undefined, listStateRows);
}

async function pageOf<Row extends { id: string }>(
  db: Database,
  onlineSince: number,
  page: SensorPage,
  limits: Limits | undefined,
  load: (tx: Database, ids: string[]) => Promise<Row[]>,
): Promise<KeysetPage<Row>> {
  const { column, type } = isCellSort(page.sort) ? CELL_SORTS[page.sort] : BY_HOSTNAME;
  const after = readCursor({ ...page, sortName: page.sort, type });
  return await inSnapshot(
    db,
    async (tx) => {
      const fact = page.q ? await searchByFact(tx, page.q) : undefined;
      const q = fact ? undefined : page.q;
      const narrowings = [
        ...(page.id === undefined ? [] : [byId(tx, page.id)]),
        ...(fact ? [fact] : []),
        ...narrowingsOf(tx, page),
        // All of them match it. With an address, both are few of those that match one.
        ...(page.status === "offline" && page.address && !page.seenBefore
          ? [bySilence(tx, onlineSince)]
          : []),
      ];
      const order = { column, order: page.order, after, q, ...conditionsOf(narrowings) };
      const { chosen, classes } = await choose(tx, page);
      const { few, most } = limits ?? limitsOf(chosen, page.sort);
      const keyOf = isLabelSort(page.sort) ? await keysOf(tx, page.sort) : undefined;
      const reading = { tx, onlineSince, few, chosen, classes, keyOf, misplaced: new Map() };
      const { keys, ...count } = await findKeys(reading, { ...page, q }, { narrowings, order, most });
      const shown = { sortName: page.sort, order: page.order, limit: page.limit };
      return { ...(await loadPage(tx, keys, shown, load)), ...count };
    },
    page.q ? "by value" : "once",
  );
}

interface Wanted {
  narrowings: readonly Narrowing[];
  order: Order;
  most: number;
}

const conditionsOf = (narrowings: readonly Narrowing[]) => ({
  also: narrowings.map(({ condition }) => condition),
  inAddresses: narrowings.flatMap(({ inAddresses }) => inAddresses ?? []),
  before: narrowings.find(({ before }) => before !== undefined)?.before,
});

/** Returns the sensors that the filters of classes choose, with their classes if the list needs them. */
async function choose(tx: Database, page: SensorPage): Promise<Pick<Reading, "chosen" | "classes">> {
  if (!isNarrow(page) && !isLabelSort(page.sort))
    return { chosen: { all: await countCells(tx) }, classes: [] };
  const { all, classes } = await countClasses(tx);
  if (!isNarrow(page)) return { chosen: { all }, classes };
  const some = await chooseClasses(tx, classes, page);
  return { chosen: { all, classes: some }, classes: some };
}

export interface Limits {
  /** So many sensors are read and sorted for a page. */
  few: number;
  /** Of so many sensors that an index finds, a list passes over the others without reading their rows. */
  most: number;
}

/**
 * Of more, one sensor in so many matches, and looking each up takes less time than to read all. In an order
 * without an index within each cell, there may be few among the first sensors.
 */
const SHARE = { inCells: 40, others: 20 };

function limitsOf({ all }: Chosen, sort: SensorPage["sort"]): Limits {
  const sensors = all.reduce((sum, cell) => sum + cell.sensors, 0);
  const share = isCellSort(sort) ? SHARE.inCells : SHARE.others;
  return { few: FEW, most: Math.max(2 * FEW, Math.ceil(sensors / share)) };
}

async function findKeys(reading: Reading, page: SensorPage, wanted: Wanted): Promise<Found> {
  const { sort } = page;
  if (reading.chosen.classes?.length === 0) return { keys: [], total: 0, totalIsCapped: false };
  const found = await findCandidates(reading, page, wanted.narrowings);
  const members = found
    ? undefined
    : await findMembers(reading.tx, wanted.narrowings, page, reading.chosen, wanted.most);
  const matched = found ? [found.narrowing] : (members?.narrowings ?? []);
  const others = wanted.narrowings.filter((narrowing) => !matched.includes(narrowing));
  const order = { ...wanted.order, also: others.map(({ condition }) => condition) };
  if (found) return await keysOfCandidates(reading, page, found.source, order);
  const some = { ...reading, members };
  // Where each value has its own order, and its number of members is unknown, sorting more takes less time.
  const sortsMore = isLabelSort(sort) && (sort === "status" || !isCounted(some, page, order));
  if (members && members.total <= (sortsMore ? reading.few : mostSorted(reading.few)))
    return await keysOfChosen(some, page, order);
  if (isCellSort(sort)) return await keysOfCells(some, page, order);
  if (isWalkedSort(sort)) return await keysOfWalked(some, { ...page, sort }, order);
  return await keysOfLabels(some, { ...page, sort }, order);
}
