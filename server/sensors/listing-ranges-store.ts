// The first sensors of a list in an order, in SQL: of each of many ranges of an index, of all sensors of a
// filter, and of a cell until enough match.
import { type RawBuilder, sql } from "kysely";
import { byIndex, jsonRows, parseRows, rowsAsJson } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import { numberRows } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { sortAgain, walkInOrder } from "../db/snapshot.ts";
import { type Chosen, isChosen } from "./classes-store.ts";
import {
  conditionsOf,
  indexedConditions,
  isAfter,
  listedIn,
  type Order,
  type Range,
} from "./listing-store.ts";

/** The indexes of an order within a class and a cell. */
const CLASS_INDEXES = {
  hostname_key: "sensor_listing_class_hostname",
  enrolled_at: "sensor_listing_class_enrolled",
  silent_since: "sensor_listing_class_silent",
};

interface Extent {
  /** So many sensors of each range at most. */
  most: number;
  /** So many of each range are read at most; absent: all. */
  passed?: number | undefined;
}

/** Returns the first sensors of each range. */
export async function readRanges(
  db: Database,
  ranges: readonly Range[],
  { most, passed }: Extent,
  order: Order,
): Promise<RowKey[][]> {
  const { value, id, columns, from, within, inOrder } = rangesOf(db, ranges, order);
  const table =
    passed === undefined
      ? from
      : sql`(select ${columns} from ${from} where ${sql.join(within, sql` and `)} ${inOrder} limit ${passed})
        as sensor_listing`;
  const matching = [...(passed === undefined ? within : [sql`true`]), ...conditionsOf(order)];
  const first = sql`select ${value} as value, ${id} as id from ${table}
    where ${sql.join(matching, sql` and `)} ${inOrder} limit ${most}`;
  const { q, also, seen } = order;
  // PostgreSQL expects that few have the text or the status, and would sort them.
  const mustWalk = q !== undefined || seen !== undefined || also.length > 0;
  if (mustWalk) await walkInOrder(db);
  const rows = await readParts(db, ranges, first);
  if (mustWalk) await sortAgain(db);
  return rows;
}

/** Returns the sensor of each range before which there are so many; undefined: the range has fewer. */
async function findPlaces(
  db: Database,
  ranges: readonly Range[],
  passed: number,
  order: Order,
): Promise<(RowKey | undefined)[]> {
  const { value, id, from, within, inOrder } = rangesOf(db, ranges, order);
  await walkInOrder(db);
  const places = await readParts(
    db,
    ranges,
    sql`select ${value} as value, ${id} as id from ${from}
      where ${sql.join(within, sql` and `)} ${inOrder} limit 1 offset ${passed}`,
  );
  await sortAgain(db);
  return places.map(([place]) => place);
}

/** Returns the parts of a query of one range, in the order of its index. */
function rangesOf(db: Database, ranges: readonly Range[], order: Order) {
  const { column, after } = order;
  const hasClasses = ranges.some(({ classId }) => classId !== 0);
  const [value, id] = [sql.ref(`sensor_listing.${column}`), sql`sensor_listing.sensor_id`];
  const direction = sql.raw(order.order);
  const last = sql.raw(order.order === "asc" ? "<=" : ">=");
  // Conditions may need the last two. The databases read them only then.
  const names = new Set(["sensor_id", column, "hostname_key", "class_id"]);
  return {
    value,
    id,
    columns: sql.join([...names].map((name) => sql.id(name))),
    from: sql`sensor_listing ${hasClasses ? byIndex(db, CLASS_INDEXES[column]) : sql``}`,
    within: [
      ...(hasClasses ? [sql`sensor_listing.class_id = part.class_id`] : []),
      sql`sensor_listing.cell = part.cell`,
      ...(after ? [isAfter(value, id, order.order, after)] : []),
      ...(ranges.some(({ until }) => until) ? [sql`(${value}, ${id}) ${last} (part.value, part.id)`] : []),
      ...indexedConditions(order),
    ],
    inOrder: sql`order by ${value} ${direction}, ${id} ${direction}`,
  };
}

/** Executes the query of the sensors of a range for each range. Either all have an end, or none. */
async function readParts(
  db: Database,
  ranges: readonly Range[],
  query: RawBuilder<unknown>,
): Promise<RowKey[][]> {
  const numbers = { place: "bigint", class_id: "bigint", cell: "bigint" } as const;
  const type = typeof ranges[0]?.until?.value === "number" ? "bigint" : "text";
  const parts = ranges.some(({ until }) => until)
    ? jsonRows(
        db,
        JSON.stringify(
          ranges.map(({ classId, cell, until }, place) => ({ place, class_id: classId, cell, ...until })),
        ),
        { ...numbers, value: type, id: "text" },
      )
    : numberRows(
        db,
        Object.keys(numbers),
        ranges.map(({ classId, cell }, place) => [place, classId, cell]),
      );
  const { rows } = await sql<{ place: number; found: unknown }>`
    select part.place, ${rowsAsJson(db, ["value", "id"], query)} as found from ${parts} as part`.execute(
    db.withoutPlugins(),
  );
  const found = ranges.map((): RowKey[] => []);
  for (const row of rows) found[Number(row.place)] = parseRows(row.found).map(toKey);
  return found;
}

/** Returns the first sensors of the cells. Reads and sorts all that are chosen. */
export async function sortListed(
  db: Database,
  chosen: Chosen,
  cells: readonly number[],
  most: number,
  order: Order,
): Promise<RowKey[]> {
  const value = sql.ref(`sensor_listing.${order.column}`);
  const all = [
    ...listedIn(db, chosen, cells),
    ...indexedConditions(order),
    // An expression, for which no index is used.
    ...(order.after ? [isAfter(value, sql`(sensor_listing.sensor_id || '')`, order.order, order.after)] : []),
    ...conditionsOf(order),
  ];
  const direction = sql.raw(order.order);
  const { rows } = await sql<RowKey>`
    select ${value} as value, sensor_listing.sensor_id as id from sensor_listing
    where ${sql.join(all, sql` and `)}
    order by ${value} ${direction}, sensor_listing.sensor_id ${direction} limit ${most}`.execute(
    db.withoutPlugins(),
  );
  return rows;
}

/**
 * Returns the first chosen sensors of each cell. Passes over so many sensors of a cell at most: then it
 * returns undefined for this cell, unless it has found enough.
 */
export async function walkListed(
  db: Database,
  chosen: Chosen,
  cells: readonly number[],
  { passed, most }: { passed: number; most: number },
  order: Order,
): Promise<(RowKey[] | undefined)[]> {
  const ranges = cells.map((cell): Range => ({ classId: 0, cell }));
  const ends = await findPlaces(db, ranges, passed, order);
  const also = [...isChosen(db, chosen, sql`sensor_listing.class_id`), ...order.also];
  const read = async (some: readonly Range[]) =>
    some.length === 0 ? [] : await readRanges(db, some, { most }, { ...order, also });
  const whole = await read(ranges.filter((_, place) => !ends[place]));
  const parts = await read(
    ranges.flatMap((range, place) => (ends[place] ? [{ ...range, until: ends[place] }] : [])),
  );
  const [nextWhole, nextPart] = [whole.values(), parts.values()];
  return ends.map((end) => {
    if (!end) return nextWhole.next().value;
    const rows = nextPart.next().value;
    return rows?.length === most ? rows : undefined;
  });
}

const toKey = ([value, id]: unknown[]): RowKey => ({ value: value as string | number, id: id as string });
