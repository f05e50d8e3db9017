// Columns of the list of sensors with many values, in SQL: the name of the asset, and the address. Either an
// index is read in its order until the page is full, or all matching sensors are sorted, whichever takes less
// time.
import { type RawBuilder, sql } from "kysely";
import { isAmongNumbers } from "../db/dialect.ts";
import { ALL_ROWS, type RowKey } from "../db/keyset.ts";
import type { CellFilter } from "../db/listing-cells.ts";
import { cellsOf, flipped } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { walkNearlyInOrder } from "../db/snapshot.ts";
import { countCells, isNarrow, isOfClass } from "./class-filter-store.ts";
import { conditionsOf, type KeysFilter, listedIn, type Order, type SortedBy } from "./listing-store.ts";

export const WALKED_SORTS = ["asset", "address"] as const;
export type WalkedSort = (typeof WALKED_SORTS)[number];

/** So many sensors of an index are passed over in the time that sorts one. */
const PASSED = 2;

interface Walk {
  group?: RawBuilder<string>;
  value: RawBuilder<string>;
  id: RawBuilder<string>;
  /** In the order of the index. */
  walked: RawBuilder<unknown>;
  walkedOn: RawBuilder<unknown>;
  tables: RawBuilder<unknown>;
  on: (sensorId: RawBuilder<string>) => RawBuilder<unknown>;
  /** The columns where few sensors are sorted. Absent: the same. */
  sorted?: { group?: RawBuilder<string>; value: RawBuilder<string> };
}

const SORTS: Record<WalkedSort, Walk> = {
  asset: {
    group: sql`asset.name_key`,
    value: sql`asset.id`,
    id: sql`sensor.id`,
    walked: sql`asset cross join sensor cross join sensor_listing`,
    walkedOn: sql`sensor.asset_id = asset.id and sensor_listing.sensor_id = sensor.id`,
    tables: sql`cross join sensor`,
    on: (sensorId) => sql`sensor.id = ${sensorId}`,
    // Not a join: PostgreSQL would read the names of all assets in their order.
    sorted: {
      group: sql`(select asset.name_key from asset where asset.id = sensor.asset_id)`,
      value: sql`sensor.asset_id`,
    },
  },
  address: {
    value: sql`sensor_address.address`,
    id: sql`sensor_address.sensor_id`,
    walked: sql`sensor_address cross join sensor_listing`,
    walkedOn: sql`sensor_listing.sensor_id = sensor_address.sensor_id`,
    tables: sql`cross join sensor_presence as sensor_address`,
    on: (sensorId) => sql`sensor_address.sensor_id = ${sensorId}`,
  },
};

/** Returns where the column of a sensor is. */
export function walkedColumn(sort: WalkedSort): SortedBy {
  const { on, sorted, ...column } = SORTS[sort];
  return { ...column, ...sorted, on: on(sql`sensor_listing.sensor_id`) };
}

type WalkedOrder = Omit<Order, "column">;

type Filter = CellFilter & Omit<KeysFilter, "column" | "cells" | "q" | "also" | "seen">;

/** Returns the first sensors of the filter. */
export async function readWalked(
  db: Database,
  sort: WalkedSort,
  filter: Filter,
  wanted: number,
  order: WalkedOrder,
): Promise<RowKey[]> {
  const isShown = new Set(cellsOf(filter).map(({ number }) => number));
  const counted = await countCells(db, filter);
  const sensors = sumOf(counted.filter(({ cell }) => isShown.has(cell)));
  const all = sumOf(await countCells(db, {}));
  // With silence as it may be now.
  const cells = new Set(order.seen ? [...isShown].flatMap((cell) => [cell, flipped(cell)]) : isShown);
  const { tables, on, walked, walkedOn } = SORTS[sort];
  // All sensors that may be offline are those that are online, too many to sort.
  const isOffline = order.seen !== undefined && (order.seen.status === "offline" || order.seen.isAmongOthers);
  if (isOffline || sensors * sensors > PASSED * wanted * all) {
    const among = [
      ...[walkedOn, isAmongNumbers(db, sql`sensor_listing.cell + 0`, [...cells])],
      ...(isNarrow(filter) ? [isOfClass(db, filter, sql`sensor_listing.class_id`)] : []),
      ...conditionsOf(order),
    ];
    await walkNearlyInOrder(db);
    return await readInOrder(db, sort, { from: walked, where: sql.join(among, sql` and `) }, wanted, order);
  }
  if (!counted.some(({ cell }) => cells.has(cell))) return [];
  const listed = listedIn(db, filter, [...cells]);
  // The limit makes it a separate step of the plan.
  const from = sql`(select sensor_listing.sensor_id from ${listed.from}
    where ${sql.join([...listed.where, ...conditionsOf(order)], sql` and `)} limit ${sql.lit(ALL_ROWS)}) as chosen ${tables}`;
  return await readInOrder(
    db,
    sort,
    { from, where: on(sql`chosen.sensor_id`), isSorted: true },
    wanted,
    order,
  );
}

const sumOf = (counts: readonly { sensors: number }[]) =>
  counts.reduce((sum, { sensors }) => sum + sensors, 0);

async function readInOrder(
  db: Database,
  sort: WalkedSort,
  { from, where, isSorted }: { from: unknown; where: unknown; isSorted?: boolean },
  wanted: number,
  { order, after }: WalkedOrder,
): Promise<RowKey[]> {
  const { id } = SORTS[sort];
  const { group, value } = (isSorted && SORTS[sort].sorted) || SORTS[sort];
  const direction = sql.raw(order);
  const columns = [...(group ? [group] : []), value, id];
  const place = after && [...(group ? [after.g ?? ""] : []), after.v, after.id];
  const isLater = place
    ? sql`and (${sql.join(columns)}) ${sql.raw(order === "asc" ? ">" : "<")} (${sql.join(place)})`
    : sql``;
  const { rows } = await sql<RowKey>`
    select ${group ? sql`${group} as "group",` : sql``} ${value} as value, ${id} as id
    from ${from} where ${where} ${isLater}
    order by ${sql.join(columns.map((column) => sql`${column} ${direction}`))}
    limit ${wanted}`.execute(db);
  return rows;
}
