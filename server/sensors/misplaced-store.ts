// The sensors of a list whose silence has changed since the job last looked.
import { type CellFilter, cellsOf, flipped } from "../db/listing-cells.ts";
import { hasName } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { type Chosen, sumOf } from "./classes-store.ts";
import { conditionsOf, type Order } from "./listing-store.ts";
import { countMisplaced, listMisplaced, type Misplaced } from "./seen-store.ts";

export interface Misplacement {
  gone: ReadonlySet<string>;
  come: readonly Misplaced[];
}

export async function countMoved(
  tx: Database,
  onlineSince: number,
  chosen: Chosen,
  cells: ReadonlySet<number>,
) {
  const misplaced = await countMisplaced(tx, chosen, onlineSince);
  return { gone: sumOf(misplaced.filter(isGone(cells))), come: sumOf(misplaced.filter(isCome(cells))) };
}

/**
 * Returns the sensors of a list that no longer have the status that they are marked with, and those that now
 * have it; undefined: they are more than `few`.
 */
export async function findMisplaced(
  tx: Database,
  onlineSince: number,
  filter: CellFilter & { chosen: Chosen; few: number },
  { q, also, among }: Pick<Order, "q" | "also" | "among">,
): Promise<Misplacement | undefined> {
  const cells = new Set(cellsOf(filter).map(({ number }) => number));
  const counted = await countMoved(tx, onlineSince, filter.chosen, cells);
  if (counted.gone + counted.come === 0) return { gone: new Set(), come: [] };
  if (counted.gone + counted.come > filter.few) return undefined;
  const moved = (
    await listMisplaced(tx, filter.chosen, onlineSince, conditionsOf({ q: undefined, also, among }))
  ).filter(({ hostnameKey }) => !q || hasName(hostnameKey, q));
  return {
    gone: new Set(moved.filter(isGone(cells)).map(({ sensorId }) => sensorId)),
    come: moved.filter(isCome(cells)),
  };
}

const isGone =
  (cells: ReadonlySet<number>) =>
  ({ cell }: { cell: number }) =>
    cells.has(cell) && !cells.has(flipped(cell));
const isCome =
  (cells: ReadonlySet<number>) =>
  ({ cell }: { cell: number }) =>
    cells.has(flipped(cell)) && !cells.has(cell);
