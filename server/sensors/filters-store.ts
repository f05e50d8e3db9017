// Filters of sensors for which no classes exist: addresses, times, and searches for an address, a MAC address
// or a serial number. An index finds the first sensors of each. If these are few, the list reads only
// them. Otherwise it reads sensors in its order until the page is full, like a search for a frequent name.
import { sensorId } from "@attacklens/protocol/ids.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { type RawBuilder, sql } from "kysely";
import { texts } from "../db/dialect.ts";
import { countUpTo } from "../db/keyset.ts";
import type { CellFilter } from "../db/listing-cells.ts";
import { sensorsNamed } from "../db/name-search.ts";
import type { Database } from "../db/schema.ts";
import { isSearchedIdentifier } from "../db/searched-identifiers.ts";
import { addressRange, parseAddressText } from "../networks.ts";
import { type Condition, hasText, type Source } from "./listing-store.ts";

export interface TextFilters extends CellFilter {
  q?: string | undefined;
  /** An address or a network. */
  address?: string | undefined;
  /** An instant. */
  seenBefore?: string | undefined;
}

export interface Narrowing {
  condition: Condition;
  /** The same on a row of `sensor_address`. */
  inAddresses?: Condition;
  /** The same as a time that the sensors were last seen before. */
  before?: number;
  /** The table of which an index has all that match, with their cells and classes. */
  index?: { table: "sensor_address" | "sensor_presence"; where: Condition };
  /** Returns all that match, and some that are in no list; undefined: more than `few`. */
  find: (few: number) => Promise<Source | undefined>;
}

/** Finds one sensor. */
export function byId(db: Database, id: string): Narrowing {
  return { condition: sql`sensor_listing.sensor_id = ${id}`, find: async () => texts(db, [id]) };
}

/** Returns the filters that are set. Throws input-invalid. */
export function narrowingsOf(db: Database, filter: TextFilters): Narrowing[] {
  const range = filter.address ? addressRange(filter.address) : undefined;
  if (filter.address && !range) {
    const reason = "must be an IP address, or a network such as 10.0.0.0/16 or 2001:db8::/32";
    throw new Problem("input-invalid", `The address ${reason}`, { fields: { address: reason } });
  }
  return [
    ...(range ? [byAddress(db, range)] : []),
    ...(filter.seenBefore ? [bySilence(db, Date.parse(filter.seenBefore))] : []),
  ];
}

function byAddress(db: Database, { first, last }: { first: string; last: string }): Narrowing {
  const inAddresses = sql<boolean>`sensor_address.address between ${first} and ${last}`;
  return {
    condition: sql<boolean>`(select sensor_presence.address between ${first} and ${last} from sensor_presence
      where sensor_presence.sensor_id = sensor_listing.sensor_id)`,
    inAddresses,
    index: { table: "sensor_address", where: inAddresses },
    find: idsOf(
      db,
      (most) =>
        sql`select sensor_address.sensor_id as id from sensor_address
          where sensor_address.address between ${first} and ${last} limit ${most}`,
    ),
  };
}

/** Sensors that were last seen before a time. */
export function bySilence(db: Database, before: number): Narrowing {
  return {
    before,
    index: {
      table: "sensor_presence",
      where: sql<boolean>`sensor_presence.is_silent in (0, 1) and sensor_presence.last_seen_at < ${before}`,
    },
    condition: sql<boolean>`(select sensor_presence.last_seen_at < ${before} from sensor_presence
      where sensor_presence.sensor_id = sensor_listing.sensor_id)`,
    find: idsOf(
      db,
      (most) =>
        sql`select sensor_id as id from sensor_presence
          where is_silent in (0, 1) and last_seen_at < ${before} limit ${most}`,
    ),
  };
}

/** Returns a search for more than a name; undefined: no sensor has this address or identifier. */
export async function searchByFact(db: Database, q: string): Promise<Narrowing | undefined> {
  const facts = factsOf(q);
  const range = parseAddressText(q.trim()) === undefined ? undefined : addressRange(q.trim());
  const byFact = facts.map(([type, value]): Narrowing => {
    const isFact = sql`asset_identifier.type = ${type} and asset_identifier.value = ${value}
      and ${isSearchedIdentifier}`;
    return {
      condition: isFound(sql`sensor join asset_identifier on asset_identifier.asset_id = sensor.asset_id
        where sensor.id = sensor_listing.sensor_id and ${isFact}`),
      find: idsOf(
        db,
        (most) =>
          sql`select sensor.id from asset_identifier cross join sensor
            where ${isFact} and sensor.asset_id = asset_identifier.asset_id limit ${most}`,
      ),
    };
  });
  const found: Narrowing[] = [];
  for (const one of [...byFact, ...(range ? [byAddress(db, range)] : [])])
    if ((await one.find(0)) === undefined) found.push(one);
  if (found.length === 0) return undefined;
  return {
    condition: sql<boolean>`(${sql.join([hasText(q), ...found.map(({ condition }) => condition)], sql` or `)})`,
    async find(few) {
      const named = sensorsNamed(db, q);
      if (named && (await countUpTo(db, named, few + 1)) > few) return undefined;
      const sources: Source[] = named ? [sql`(select candidate_id as value from (${named}) as named)`] : [];
      for (const one of found) {
        const some = await one.find(few);
        if (!some) return undefined;
        sources.push(some);
      }
      const all = sources.map(
        (source, index) => sql`select value from ${source} as ${sql.id(`part${index}`)}`,
      );
      return sql`(${sql.join(all, sql` union `)})`;
    },
  };
}

const MAC = /^(?:[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})$/;
/** A shorter text is no serial number. With fewer characters, a search finds only the beginnings of names. */
const MIN_SERIAL = 4;

/** Returns the identifiers that a text may be, in the form in which they are stored. */
function factsOf(q: string): [type: string, value: string][] {
  const text = q.trim().toLowerCase();
  if (text.length < MIN_SERIAL || sensorId.safeParse(text).success) return [];
  const address = parseAddressText(text);
  if (address) return [["ip-address", address]];
  const mac = MAC.test(text) ? text.replace(/[^0-9a-f]/g, "").replace(/..(?=.)/g, "$&:") : undefined;
  return [["serial-number", text], ...(mac ? ([["mac-address", mac]] as [string, string][]) : [])];
}

const isFound = (from: unknown): Condition => sql<boolean>`(select 1 from ${from} limit 1) is not null`;

/**
 * To look at the other conditions of a sensor takes longer when lists pass over sensors than when they sort
 * them.
 */
const WORTH = 2;

function idsOf(db: Database, query: (most: number) => RawBuilder<unknown>): Narrowing["find"] {
  return async (many) => {
    const few = many * WORTH;
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from (${query(few + 1)}) as found`.execute(db.withoutPlugins());
    return Number(rows[0]!.count) > few ? undefined : sql`(select id as value from (${query(few)}) as found)`;
  };
}
