// Lists of many sensors that are sorted by a column without an index within each cell.
import type { RowKey } from "../db/keyset.ts";
import { cellsOf, flipped, withAnySilence } from "../db/listing-cells.ts";
import { inOrder } from "./cells-page-store.ts";
import type { ClassCount } from "./classes-store.ts";
import { amongMembers, keysOfCells, keysOfChosen, misplacedIn, readCome } from "./list-keys-store.ts";
import { type Order, seenOf } from "./listing-store.ts";
import { countMembers, countMembersIn, mostSorted } from "./members-store.ts";
import { atLeast, BY_HOSTNAME, type Found, type Reading, type SensorPage } from "./sensor-page-store.ts";
import { type LabelSort, listLabels, mergeLabels } from "./sort-labels-store.ts";
import { readWalked, type WalkedSort } from "./walked-sorts-store.ts";

/** Returns the numbers of a list, which do not depend on its order. */
async function countKeys(reading: Reading, page: SensorPage, order: Order): Promise<Omit<Found, "keys">> {
  const { keys: _, ...count } = await keysOfCells(
    reading,
    { ...page, limit: 0, isCount: true },
    { ...order, column: BY_HOSTNAME.column, after: undefined },
  );
  return count;
}

/** Reads the sensors in the order of a column with many values. */
export async function keysOfWalked(
  reading: Reading,
  page: SensorPage & { sort: WalkedSort },
  given: Order,
): Promise<Found> {
  const { tx, onlineSince, chosen, members } = reading;
  const count = await countKeys(reading, page, given);
  const wanted = page.limit + 1;
  const filter = { ...page, chosen, members };
  const order = amongMembers(reading, given);
  const misplaced = await misplacedIn(reading, page, order);
  if (!misplaced) {
    const seen = seenOf(page.status, onlineSince);
    return atLeast({ ...count, keys: await readWalked(tx, page.sort, filter, wanted, { ...order, seen }) });
  }
  const { gone } = misplaced;
  const stored = await readWalked(tx, page.sort, filter, wanted + gone.size, order);
  const added = await readCome(reading, page, misplaced, order);
  const keys = inOrder([...stored.filter(({ id }) => !gone.has(id)), ...added], order);
  return atLeast({ ...count, keys: keys.slice(0, wanted) });
}

/** Whether the sensors of each class are counted. Otherwise, conditions may exclude most of them. */
export function isCounted(
  { chosen, members, onlineSince }: Reading,
  page: SensorPage,
  { q, also }: Order,
): boolean {
  if (q !== undefined || also.length > 0) return false;
  if (!members) return true;
  const cells = new Set(cellsOf(page).map(({ number }) => number));
  return countMembersIn(members, chosen, cells, onlineSince) !== undefined;
}

/**
 * Reads the sensors of one value after another until the page is full. Values with few sensors are read
 * together.
 */
export async function keysOfLabels(
  reading: Reading,
  page: SensorPage & { sort: LabelSort },
  order: Order,
): Promise<Found> {
  const { chosen, members, keyOf } = reading;
  const few = members ? mostSorted(reading.few) : reading.few;
  const count = await countKeys(reading, page, order);
  const { limit } = page;
  const { after } = order;
  const counted = await countListed(reading, page, order);
  const statuses = new Set(cellsOf(page).map(({ status }) => status));
  const labels = listLabels(keyOf, counted, statuses, { order: page.order, from: after?.g });
  const most = isCounted(reading, page, order) ? limit : few;
  const keys: RowKey[] = [];
  for (let next = 0; next < labels.length && keys.length <= limit; ) {
    const some = [labels[next++]!];
    for (let sensors = some[0]!.sensors; next < labels.length && sensors <= most; next++) {
      sensors += labels[next]!.sensors;
      if (sensors > few) break;
      some.push(labels[next]!);
    }
    const { key, status = page.status, classes, sensors } = mergeLabels(some);
    const ofLabel = classes ? reading.classes.filter(({ of }) => classes.has(of)) : chosen.classes;
    const part = { ...reading, chosen: { all: chosen.all, classes: ofLabel } };
    const rest = { ...page, status, limit: limit - keys.length };
    if (sensors <= few) {
      keys.push(...(await keysOfChosen(part, rest, order)).keys);
      continue;
    }
    const { keys: found } = await keysOfCells(part, rest, {
      ...order,
      after: key === after?.g ? { v: after.v, id: after.id } : undefined,
    });
    keys.push(...found.map((found) => ({ ...found, group: key })));
  }
  return atLeast({ ...count, keys });
}

/** Counts the sensors of a list by their classes, with silence as it is now. */
async function countListed(reading: Reading, page: SensorPage, order: Order): Promise<ClassCount[]> {
  const { classes } = reading;
  if (reading.members) return countMembers(reading.members, classes, page.sort === "status");
  const misplaced = await misplacedIn(reading, page, order);
  const cells = new Set(
    misplaced ? cellsOf(page).map(({ number }) => number) : withAnySilence(cellsOf(page)),
  );
  const byId = new Map(classes.map(({ of }) => [of.id, of]));
  const come = (misplaced?.come ?? []).flatMap(({ classId, cell }) => {
    const of = byId.get(Number(classId));
    return of ? { of, cell: flipped(cell), sensors: 1 } : [];
  });
  return [...classes.filter(({ cell }) => cells.has(cell)), ...come];
}
