// The first sensors of cells in an order that has an index within each cell.
import type { RowKey } from "../db/keyset.ts";
import { compareKeys, mergeRanges } from "../db/merge-ranges.ts";
import type { Database } from "../db/schema.ts";
import type { CellCount, Chosen } from "./classes-store.ts";
import { readRanges, sortListed, walkListed } from "./listing-ranges-store.ts";
import { hasConditions, type Order, type Range } from "./listing-store.ts";
import { type Members, readMembers, SPREAD } from "./members-store.ts";

/** So many sensors are read and sorted for a page. */
export const FEW = 2_000;

interface CellsReading {
  tx: Database;
  filter: { chosen: Chosen; members?: Members | undefined };
  order: Order;
}

/** To read the first sensors of a class takes as long as to sort so many. */
const CLASS_ROWS = 5;
/** The first sensors of so many classes take a few milliseconds. */
const MANY_CLASSES = 400;
/** A cell that is read in its order. */
interface Walk {
  count: CellCount;
  /** So many sensors are passed over at most, and then so many, until the cell is read in another way. */
  limits: number[];
}

/**
 * Returns the first sensors of the cells, unsorted. A cell of which all sensors are chosen is one range of an
 * index. Of another, the first of each class are merged; or, if it has fewer sensors than that takes, all of
 * them are sorted. With many classes, or with conditions that may exclude most sensors of each, the cell is
 * read in order until enough match, but not further than it takes to sort.
 */
export async function readFirst(
  { tx, filter: { chosen, members }, order }: CellsReading,
  counted: readonly CellCount[],
  wanted: number,
): Promise<RowKey[]> {
  if (members) return await readMembers(tx, members, chosen, cellsIn(counted), { ...order, wanted });
  const merge = (ranges: readonly Range[]) =>
    mergeRanges(ranges, wanted, comparison(order), (some, most) => readRanges(tx, some, { most }, order));
  const all = new Map(chosen.all.map(({ cell, sensors }) => [cell, sensors]));
  const classes = Map.groupBy(chosen.classes ?? [], ({ cell }) => cell);
  const isLimited = hasConditions(order);
  const [whole, merged, sorted]: [Range[], Range[], number[]] = [[], [], []];
  const walks: Walk[] = [];
  const mergeOrSort = ({ cell, sensors }: CellCount) => {
    const ofCell = classes.get(cell) ?? [];
    if (isLimited || ofCell.length * CLASS_ROWS >= sensors) sorted.push(cell);
    else merged.push(...ofCell.map(({ of }) => ({ classId: of.id, cell })));
  };
  for (const count of counted) {
    const { cell, sensors } = count;
    const many = classes.get(cell)?.length ?? 0;
    const total = all.get(cell) ?? sensors;
    if (!chosen.classes || sensors === total) {
      whole.push({ classId: 0, cell });
      continue;
    }
    const expected = (wanted * total) / sensors;
    const isWalked = isLimited
      ? expected < sensors
      : many > MANY_CLASSES && expected < Math.min(many, sensors);
    // To find the last one that may be passed over takes time, too.
    const likely = Math.ceil(SPREAD * expected) + (isLimited ? FEW : 0);
    if (isWalked) walks.push({ count, limits: isLimited && likely < sensors ? [likely, sensors] : [likely] });
    else mergeOrSort(count);
  }
  const { found, missed } = await walkCells(tx, chosen, walks, wanted, order);
  for (const count of missed) mergeOrSort(count);
  return [
    ...found,
    ...(await merge(whole)),
    ...(await merge(merged)),
    ...(sorted.length > 0 ? await sortListed(tx, chosen, sorted, wanted, order) : []),
  ];
}

/** Reads the cells in their order. Returns the first sensors of those with enough, and the other cells. */
async function walkCells(
  tx: Database,
  chosen: Chosen,
  walks: readonly Walk[],
  wanted: number,
  order: Order,
): Promise<{ found: RowKey[]; missed: CellCount[] }> {
  const [found, missed]: [RowKey[], CellCount[]] = [[], []];
  for (let left = walks; left.length > 0; ) {
    const passed = Math.max(...left.map(({ limits }) => limits[0]!));
    const cells = cellsIn(left.map(({ count }) => count));
    const read = await walkListed(tx, chosen, cells, { passed, most: wanted }, order);
    found.push(...read.flatMap((rows) => rows ?? []));
    const others = left.filter((_, place) => !read[place]);
    missed.push(...others.filter(({ limits }) => limits.length === 1).map(({ count }) => count));
    left = others.flatMap(({ count, limits: [, next] }) => (next ? [{ count, limits: [next] }] : []));
  }
  return { found, missed };
}

export const comparison = ({ order }: Order) =>
  order === "asc" ? compareKeys : (one: RowKey, other: RowKey) => compareKeys(other, one);

export const cellsIn = (counted: readonly CellCount[]) => counted.map(({ cell }) => cell);
