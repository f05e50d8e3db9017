// The sensors that match the filters by address and by time, which are more than a list sorts. The indexes of
// these filters have the cell and the class of each sensor. So the sensors are counted by both, and a list
// passes over others without reading their addresses or times.
import { type RawBuilder, sql } from "kysely";
import { parseRows, rowsAsJson } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import { type CellFilter, cellsOf, FIRST_REPORTING, flipped, seenCell } from "../db/listing-cells.ts";
import { isAmongNumbers } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { type CellCount, type Chosen, type ClassCount, isChosen, sumOf } from "./classes-store.ts";
import type { Narrowing } from "./filters-store.ts";
import { readRanges } from "./listing-ranges-store.ts";
import { isIn, type Order, readKeys, type Source } from "./listing-store.ts";

export interface Members {
  /** Of each class in each cell, as if no sensor were silent. */
  counts: readonly MemberCount[];
  total: number;
  /** The filters that they match. */
  narrowings: readonly Narrowing[];
  /** Returns the ids of those in some classes, or of all. `filter`: absent, that of the list. */
  ids: (classes: Chosen["classes"], filter?: CellFilter) => Source;
}

export interface MemberCount extends CellCount {
  classId: number;
}

/**
 * Returns the sensors of a filter of which an index finds at most `most`, and of others with not many more;
 * undefined: there is no such filter. Those that are left still have to be applied.
 */
export async function findMembers(
  db: Database,
  narrowings: readonly Narrowing[],
  page: CellFilter,
  chosen: Chosen,
  most: number,
): Promise<Members | undefined> {
  const sized: { narrowing: Narrowing; sensors: number }[] = [];
  for (const narrowing of narrowings)
    if (narrowing.index) sized.push({ narrowing, sensors: await countFirst(db, narrowing.index, most + 1) });
  const [smallest, ...larger] = sized.toSorted((one, other) => one.sensors - other.sensors);
  if (!smallest || smallest.sensors > most) return undefined;
  const first = smallest.narrowing;
  const others: Narrowing[] = [];
  for (const { narrowing, sensors } of larger)
    if (sensors <= most || (await countFirst(db, narrowing.index!, OTHERS * most + 1)) <= OTHERS * most)
      others.push(narrowing);
  const { table, where } = first.index!;
  const [id, cell, classId] = ["sensor_id", "cell", "class_id"].map((name) => sql.ref(`${table}.${name}`));
  const conditions = [
    where,
    ...others.map(({ index }) => {
      const ids = sql`(select sensor_id as value from ${sql.table(index!.table)} where ${index!.where})`;
      return isIn(id!, ids);
    }),
  ];
  const from = sql`from ${sql.table(table)} where ${sql.join(conditions, sql` and `)}`;
  const every = await countParts(db, sql`select ${classId} * ${sql.lit(CELLS)} + ${cell} as part ${from}`);
  const matching = (classes: Chosen["classes"], cells: ReadonlySet<number>) => {
    const classIds = classes && new Set(classes.map(({ of }) => of.id));
    return every.filter((part) => cells.has(part.cell) && (classIds?.has(part.classId) ?? true));
  };
  const counts = matching(chosen.classes, seenCells(page));
  return {
    counts,
    total: sumOf(counts),
    narrowings: [first, ...others],
    ids(classes, filter = page) {
      const cells = seenCells(filter);
      // Tests of each row take longer than to read it.
      const areAll = matching(classes, cells).length === every.length;
      const only = areAll
        ? []
        : [isAmongNumbers(db, cell!, [...cells]), ...isChosen(db, { ...chosen, classes }, classId!)];
      return sql`(select ${id} as value ${from} ${sql.join(
        only.map((one) => sql`and ${one}`),
        sql` `,
      )})`;
    },
  };
}

const seenCells = (filter: CellFilter) => new Set(cellsOf(filter).map(({ number }) => seenCell(number)));

/** Counts the rows of each class and cell. To sort them by both would take longer than to read them. */
async function countParts(db: Database, parts: RawBuilder<unknown>): Promise<MemberCount[]> {
  const { rows } = await sql<{ parts: unknown }>`select ${rowsAsJson(db, ["part"], parts)} as parts`.execute(
    db.withoutPlugins(),
  );
  const counts = new Map<number, number>();
  // null: of a sensor that is deleted.
  for (const [part] of parseRows(rows[0]!.parts)) {
    const number = part === null ? DELETED : Number(part);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return [...counts].map(([part, sensors]) => ({
    classId: Math.floor(part / CELLS),
    cell: part % CELLS,
    sensors,
  }));
}

/** Of no class and no cell. */
const DELETED = -1;
/** Sensors that match one filter are found among up to so many times as many that match another. */
const OTHERS = 2;

/** More than the number of any cell. */
const CELLS = 64;

async function countFirst(
  db: Database,
  { table, where }: NonNullable<Narrowing["index"]>,
  most: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (select 1 from ${sql.table(table)} where ${where} limit ${most}) as found`.execute(
    db.withoutPlugins(),
  );
  return Number(rows[0]!.count);
}

/** Returns those of some classes. */
function ofClasses({ counts }: Members, { classes }: Chosen): readonly MemberCount[] {
  if (!classes) return counts;
  const ids = new Set(classes.map(({ of }) => of.id));
  return counts.filter(({ classId }) => ids.has(classId));
}

/**
 * Returns the numbers of members for the classes of a list. By status, those that may be online or offline
 * count in both cells.
 */
export function countMembers(
  members: Members,
  classes: readonly ClassCount[],
  isByStatus: boolean,
): ClassCount[] {
  const byId = new Map(classes.map(({ of }) => [of.id, of]));
  return members.counts.flatMap(({ classId, cell, sensors }) => {
    const of = byId.get(classId);
    if (!of) return [];
    return (isByStatus && cell >= FIRST_REPORTING ? [cell, flipped(cell)] : [cell]).map((one) => ({
      of,
      cell: one,
      sensors,
    }));
  });
}

/** Whether no member is online, even if it is not marked as silent. */
export const areOffline = ({ narrowings }: Members, onlineSince: number): boolean =>
  narrowings.some(({ before }) => before !== undefined && before <= onlineSince);

/**
 * Returns the number of members in the cells; undefined: some may be in the cells or not, depending on their
 * silence.
 */
export function countMembersIn(
  members: Members,
  chosen: Chosen,
  cells: ReadonlySet<number>,
  onlineSince: number,
): number | undefined {
  const isKnown = areOffline(members, onlineSince);
  let total = 0;
  for (const { cell, sensors } of ofClasses(members, chosen)) {
    const isSplit = cells.has(cell) !== cells.has(flipped(cell));
    if (isSplit && !isKnown) return undefined;
    if (cells.has(flipped(cell))) total += sensors;
  }
  return total;
}

/** To look for more members in an order takes less time than to sort them. `few`: see `Limits`. */
export const mostSorted = (few: number) => few / 4;

interface Wanted extends Order {
  wanted: number;
}

/** So many sensors of an index are passed over in the time that sorts one. */
const PASSED = 16;
/** So many ids are read in the time that looks one sensor up. */
export const LOOKED_UP = 5;
/** If sensors are spread evenly, this many times as many others are passed over as are expected. */
export const SPREAD = 4;

/** Returns how many sensors of each cell a page is expected to pass over. */
function expectPassed(
  members: Members,
  chosen: Chosen,
  cells: readonly number[],
  wanted: number,
): { cell: number; sensors: number; passed: number }[] {
  const all = new Map(chosen.all.map(({ cell, sensors }) => [cell, sensors]));
  const some = new Map<number, number>();
  for (const { cell, sensors } of ofClasses(members, chosen)) some.set(cell, (some.get(cell) ?? 0) + sensors);
  return cells.flatMap((cell) => {
    const [sensors, matching] = [all.get(cell) ?? 0, some.get(seenCell(cell)) ?? 0];
    if (sensors === 0 || matching === 0) return [];
    const both = sensors + (all.get(flipped(cell)) ?? 0);
    return { cell, sensors, passed: Math.min(sensors, Math.ceil((wanted * both) / matching)) };
  });
}

/** Whether passing over other sensors takes less time than to sort all members. */
export function isWalkable(members: Members, chosen: Chosen, cells: readonly number[], wanted: number) {
  const expected = expectPassed(members, chosen, cells, wanted);
  const passed = expected.reduce((sum, cell) => sum + cell.passed, 0);
  return passed <= PASSED * sumOf(ofClasses(members, chosen));
}

/** Returns the first members of the cells, unsorted. */
export async function readMembers(
  db: Database,
  members: Members,
  chosen: Chosen,
  cells: readonly number[],
  order: Wanted,
): Promise<RowKey[]> {
  const { wanted } = order;
  const expected = expectPassed(members, chosen, cells, wanted);
  if (expected.length === 0) return [];
  if (!isWalkable(members, chosen, cells, wanted))
    return await sortMembers(db, members, chosen, cells, order);
  const ranges = expected.map(({ cell }) => ({ classId: 0, cell }));
  const passed = SPREAD * Math.max(...expected.map((cell) => cell.passed));
  const all = expected.reduce((sum, cell) => sum + cell.passed, 0);
  const lookedUp = {
    ...order,
    among: undefined,
    also: [
      ...order.also,
      ...isChosen(db, chosen, sql`sensor_listing.class_id`),
      ...members.narrowings.map(({ condition }) => condition),
    ],
  };
  const isSparse = all * LOOKED_UP > sumOf(ofClasses(members, chosen));
  const found = await readRanges(db, ranges, { most: wanted, passed }, isSparse ? order : lookedUp);
  const isFull = expected.every(({ sensors }, place) => found[place]!.length === wanted || sensors <= passed);
  if (isFull) return found.flat();
  return sumOf(expected) > PASSED * sumOf(ofClasses(members, chosen))
    ? await sortMembers(db, members, chosen, cells, order)
    : (await readRanges(db, ranges, { most: wanted }, order)).flat();
}

/** The same. Reads and sorts all of them. */
export async function sortMembers(
  db: Database,
  { ids }: Members,
  { all, classes }: Chosen,
  cells: readonly number[],
  { among: _, ...order }: Wanted,
): Promise<RowKey[]> {
  const filter = { ...order, chosen: { all }, cells: [...cells], seen: order.seen };
  return (await readKeys(db, ids(classes), filter, undefined, order)).keys;
}
