// Columns of the list of sensors with many values, in SQL: the name of the asset, and the address. Either an
// index is read in its order until the page is full, or all matching sensors are sorted, whichever takes less
// time.
import { type RawBuilder, sql } from "kysely";
import { isOneOf } from "../db/dialect.ts";
import type { RowKey } from "../db/keyset.ts";
import type { CellFilter } from "../db/listing-cells.ts";
import { cellsOf, flipped, seenCell } from "../db/listing-cells.ts";
import { isAmongNumbers } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { sortAgain, walkNearlyInOrder } from "../db/snapshot.ts";
import { type Chosen, countChosen, isChosen, sumOf } from "./classes-store.ts";
import { conditionsOf, isIn, listedIn, type Order, type SortedBy } from "./listing-store.ts";
import { LOOKED_UP, type Members } from "./members-store.ts";

export const WALKED_SORTS = ["asset", "address"] as const;
export type WalkedSort = (typeof WALKED_SORTS)[number];

interface Columns {
  group?: RawBuilder<string>;
  value: RawBuilder<string>;
  id: RawBuilder<string>;
}

interface Walk extends Columns {
  /** In the order of the index. */
  from: RawBuilder<unknown>;
  on: RawBuilder<boolean>;
  /** The class of a sensor. */
  classId: RawBuilder<unknown>;
  /** The listing of a sensor of the index. */
  listing: RawBuilder<boolean>;
  /** So many sensors of the index are passed over in the time that sorts one. */
  passed: { members: number; others: number };
  /** Where sensors are sorted. */
  sorted: Columns & { table: RawBuilder<unknown> };
}

const SORTS: Record<WalkedSort, Walk> = {
  asset: {
    group: sql`asset.name_key`,
    value: sql`asset.id`,
    id: sql`sensor.id`,
    from: sql`asset cross join sensor`,
    on: sql`sensor.asset_id = asset.id`,
    listing: sql`sensor_listing.sensor_id = sensor.id`,
    classId: sql`sensor_listing.class_id`,
    passed: { members: 4, others: 2 },
    sorted: {
      table: sql`sensor`,
      id: sql`sensor.id`,
      // Not a join: PostgreSQL would read the names of all assets in their order.
      group: sql`(select asset.name_key from asset where asset.id = sensor.asset_id)`,
      value: sql`sensor.asset_id`,
    },
  },
  address: {
    value: sql`sensor_address.address`,
    id: sql`sensor_address.sensor_id`,
    from: sql`sensor_address`,
    on: sql`true`,
    listing: sql`sensor_listing.sensor_id = sensor_address.sensor_id`,
    classId: sql`sensor_address.class_id`,
    passed: { members: 10, others: 10 },
    sorted: {
      table: sql`sensor_presence as presence`,
      id: sql`presence.sensor_id`,
      value: sql`presence.address`,
    },
  },
};

/** Returns where the column of a sensor is. */
export function walkedColumn(sort: WalkedSort): SortedBy {
  const { table, id, ...column } = SORTS[sort].sorted;
  return { ...column, tables: sql`cross join ${table}`, on: sql`${id} = sensor_listing.sensor_id` };
}

type WalkedOrder = Omit<Order, "column">;

interface Filter extends CellFilter {
  chosen: Chosen;
  members?: Members | undefined;
}

/** Returns the first sensors of the filter. */
export async function readWalked(
  db: Database,
  sort: WalkedSort,
  filter: Filter,
  wanted: number,
  order: WalkedOrder,
): Promise<RowKey[]> {
  const isShown = new Set(cellsOf(filter).map(({ number }) => number));
  const { chosen, members } = filter;
  const counted = countChosen(chosen);
  const sensors = members?.total ?? sumOf(counted.filter(({ cell }) => isShown.has(cell)));
  const all = sumOf(chosen.all);
  // With silence as it may be now.
  const cells = new Set(order.seen ? [...isShown].flatMap((cell) => [cell, flipped(cell)]) : isShown);
  if (!counted.some(({ cell }) => cells.has(cell))) return [];
  const walk = SORTS[sort];
  const isSplit = [...cells].some((cell) => !cells.has(flipped(cell)));
  const listed = listedIn(db, chosen, cells);
  // All sensors that may be offline are those that are online, too many to sort.
  const isOffline = order.seen !== undefined && (order.seen.status === "offline" || order.seen.isAmongOthers);
  const passed = members ? walk.passed.members : walk.passed.others;
  if (!isOffline && sensors * sensors * passed <= wanted * all) {
    const { among, ...others } = order;
    const conditions = conditionsOf(others);
    const areMembers = among && [
      isOneOf(db, sql`sensor_listing.sensor_id`, sql`select value from ${among} as member`),
      ...(isSplit ? [isAmongNumbers(db, sql`sensor_listing.cell + 0`, [...cells])] : []),
    ];
    const where = [...(areMembers ?? listed), ...conditions];
    const ids =
      among && !isSplit && conditions.length === 0
        ? sql`select value from ${among} as member`
        : sql`select sensor_listing.sensor_id from sensor_listing where ${sql.join(where, sql` and `)}`;
    const reading = { from: walk.sorted.table, where: isOneOf(db, walk.sorted.id, ids) };
    return await readInOrder(db, walk.sorted, reading, wanted, order);
  }
  const isFew = !members && !isOffline && sensors * sensors <= wanted * all * LOOKED_UP;
  const among =
    order.among ??
    (isFew
      ? sql`(select sensor_listing.sensor_id as value from sensor_listing
          where ${sql.join(listed, sql` and `)})`
      : undefined);
  // The index of addresses has both.
  const inIndex =
    isFew || sort !== "address"
      ? []
      : [isAmongNumbers(db, sql`sensor_address.cell`, [...new Set([...cells].map(seenCell))])];
  const inListing = [
    ...(isFew || (inIndex.length > 0 && !isSplit)
      ? []
      : [isAmongNumbers(db, sql`sensor_listing.cell + 0`, [...cells])]),
    ...conditionsOf({ ...order, among: undefined }),
  ];
  const where = [
    walk.on,
    ...(sort === "address" ? (order.inAddresses ?? []) : []),
    ...inIndex,
    ...(isFew || members ? [] : isChosen(db, chosen, walk.classId)),
    ...(among ? [isIn(walk.id, among)] : []),
    ...(inListing.length > 0 ? [walk.listing, ...inListing] : []),
  ];
  const from = inListing.length > 0 ? sql`${walk.from} cross join sensor_listing` : walk.from;
  await walkNearlyInOrder(db);
  const walked = await readInOrder(db, walk, { from, where: sql.join(where, sql` and `) }, wanted, order);
  await sortAgain(db);
  return walked;
}

async function readInOrder(
  db: Database,
  { group, value, id }: Columns,
  { from, where }: { from: unknown; where: unknown },
  wanted: number,
  { order, after }: WalkedOrder,
): Promise<RowKey[]> {
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
    limit ${wanted}`.execute(db.withoutPlugins());
  return rows;
}
