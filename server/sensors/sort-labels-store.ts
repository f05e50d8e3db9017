// Columns of the list of sensors with few values. Sorted by such a column, a list has the sensors of each
// value one after another, by hostname. So it needs no separate index: each value is that of some classes.
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { cellOf } from "../db/listing-cells.ts";
import { compareText } from "../db/merge-ranges.ts";
import { numberOf } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { type ClassCount, type SensorClass, sumOf } from "./classes-store.ts";
import type { SortedBy } from "./listing-store.ts";

export const LABEL_SORTS = [
  ...(["status", "os", "architecture", "version", "assetGroup", "enrollmentToken", "tags"] as const),
] as const;
export type LabelSort = (typeof LABEL_SORTS)[number];

/** The sensors with one value of the column. */
export interface Label {
  /** The place of the value in the order. */
  key: string;
  /** Present: the value is a status. */
  status?: string;
  /** Absent: the value is a status. */
  classes?: ReadonlySet<SensorClass>;
  sensors: number;
}

interface Start {
  order: "asc" | "desc";
  /** The key to start at. Absent: the first. */
  from: string | undefined;
}

/** Returns the place of the value of a class in the order. */
export type KeyOf = (of: SensorClass) => string;

/**
 * Returns the values that sensors have in order. `counted`: the sensors of a list, which has these statuses.
 * `keyOf`: absent, the value is a status.
 */
export function listLabels(
  keyOf: KeyOf | undefined,
  counted: readonly ClassCount[],
  statuses: ReadonlySet<string>,
  { order, from }: Start,
): Label[] {
  const sign = order === "asc" ? 1 : -1;
  const labels = keyOf ? classLabels(counted, keyOf) : statusLabels(counted, statuses);
  return labels
    .filter(({ key }) => from === undefined || sign * compareText(key, from) >= 0)
    .toSorted((one, other) => sign * compareText(one.key, other.key));
}

/** Returns one label for several, which it may read together. */
export function mergeLabels(labels: readonly Label[]): Label {
  const statuses = labels.flatMap(({ status }) => status ?? []);
  return {
    key: labels[0]!.key,
    ...(statuses.length > 0
      ? { status: statuses.join() }
      : { classes: new Set(labels.flatMap(({ classes }) => [...(classes ?? [])])) }),
    sensors: sumOf(labels),
  };
}

/** Of any status, some sensors may be marked with another one. */
function statusLabels(counted: readonly ClassCount[], statuses: ReadonlySet<string>): Label[] {
  return [...statuses].map((status) => ({
    key: statusKey(status),
    status,
    sensors: sumOf(counted.filter(({ cell }) => cellOf(cell).status === status)),
  }));
}

function classLabels(counted: readonly ClassCount[], keyOf: KeyOf): Label[] {
  return [...Map.groupBy(counted, ({ of }) => keyOf(of))].map(([key, some]) => ({
    key,
    classes: new Set(some.map(({ of }) => of)),
    sensors: sumOf(some),
  }));
}

const statusKey = (status: string) => String(SENSOR_STATUSES.indexOf(status as never));

/** Sets of tags are sorted by so many characters, which a cursor contains. */
const SORTED_TAGS = 200;

/** Sorts like the numbers of a version: 2026.9.0 comes before 2026.10.0. */
const versionKey = (version: string) =>
  version.slice(0, 100).replace(/\d+/g, (digits) => digits.padStart(10, "0"));

/**
 * Returns the keys of classes; undefined: the value is a status. Sensors without a group, or with a deleted
 * one, come first.
 */
export async function keysOf(db: Database, sort: LabelSort): Promise<KeyOf | undefined> {
  switch (sort) {
    case "status":
      return undefined;
    case "version":
      return ({ version }) => versionKey(version);
    case "os":
    case "architecture":
      return (of) => of[sort];
    case "tags":
      return ({ tags }) => [...tags].slice(0, SORTED_TAGS).join("");
    case "enrollmentToken": {
      const names = await namesOf(db, sql`enrollment_token`);
      return ({ enrollmentTokenId }) => names.get(enrollmentTokenId)!;
    }
    case "assetGroup": {
      const names = await namesOf(db, sql`asset_group where deleted_at is null`);
      return ({ assetGroupId }) => names.get(assetGroupId) ?? "";
    }
  }
}

async function namesOf(db: Database, from: unknown): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; nameKey: string }>`select id, name_key from ${from}`.execute(db);
  return new Map(rows.map(({ id, nameKey }) => [id, nameKey]));
}

const HOSTNAME = sql<string>`sensor_listing.hostname_key`;

/** Returns where the value of a sensor of these classes is: as its rank among the values of the classes. */
export function byClass(db: Database, keyOf: KeyOf, classes: readonly SensorClass[]): SortedBy {
  const keys = new Map(classes.map((of) => [of.id, keyOf(of)]));
  const known = [...new Set(keys.values())].toSorted(compareText);
  const ranks = new Map(known.map((key, place) => [key, 2 * place]));
  const pairs = [...keys].map(([id, key]): [number, number] => [id, ranks.get(key)!]);
  const { table, isOf, value } = numberOf(db, sql`sensor_listing.class_id`, pairs);
  return {
    ...{ group: value, value: HOSTNAME, tables: table, on: isOf },
    ranks: {
      rankOf: (key) => ranks.get(key) ?? 2 * known.filter((one) => compareText(one, key) < 0).length - 1,
      groupOf: (rank) => known[rank / 2]!,
    },
  };
}

/** Returns where the status of a sensor is. */
export function byStatus(onlineSince: number): SortedBy {
  const keys = SENSOR_STATUSES.map(
    (status) => sql`when ${sql.lit(status)} then ${sql.lit(statusKey(status))}`,
  );
  return {
    group: sql`case (case when sensor_listing.standing <> 'reporting' then sensor_listing.standing
      when (select last_seen_at from sensor_presence where sensor_id = sensor_listing.sensor_id)
        >= ${onlineSince} then 'online' else 'offline' end) ${sql.join(keys, sql` `)} end`,
    value: HOSTNAME,
    tables: sql``,
    on: sql`true`,
  };
}
