// Columns of the list of sensors with few values. Sorted by such a column, a list has the sensors of each
// value one after another, by hostname. So it needs no separate index: each value is that of some classes.
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { cellOf } from "../db/listing-cells.ts";
import { compareText } from "../db/merge-ranges.ts";
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

/**
 * Returns the values that sensors have in order. `counted`: the sensors of a list, which has these statuses.
 */
export async function listLabels(
  db: Database,
  sort: LabelSort,
  counted: readonly ClassCount[],
  statuses: ReadonlySet<string>,
  { order, from }: Start,
): Promise<Label[]> {
  const sign = order === "asc" ? 1 : -1;
  const labels =
    sort === "status" ? statusLabels(counted, statuses) : classLabels(counted, await keysOf(db, sort));
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

function classLabels(counted: readonly ClassCount[], keyOf: (of: SensorClass) => string): Label[] {
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

/** Returns a function for the key of a class. Sensors without a group, or with a deleted one, come first. */
async function keysOf(
  db: Database,
  sort: Exclude<LabelSort, "status">,
): Promise<(of: SensorClass) => string> {
  switch (sort) {
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
const NONE = { tables: sql``, on: sql`true` };
// Another name than that of the class by which the sensors may have been found.
const OF_CLASS = {
  tables: sql`cross join sensor_class as labeled`,
  on: sql`labeled.id = sensor_listing.class_id`,
};
const OF_PAIR = {
  tables: sql`${OF_CLASS.tables} cross join token_group`,
  on: sql`${OF_CLASS.on} and token_group.id = labeled.token_group_id`,
};

/** Returns where the value of a sensor is. `keyOfLabel` returns its key. */
export function labelOf(sort: LabelSort, onlineSince: number): SortedBy {
  switch (sort) {
    case "status": {
      const keys = SENSOR_STATUSES.map(
        (status) => sql`when ${sql.lit(status)} then ${sql.lit(statusKey(status))}`,
      );
      return {
        group: sql`case (case when sensor_listing.standing <> 'reporting' then sensor_listing.standing
          when (select last_seen_at from sensor_presence where sensor_id = sensor_listing.sensor_id)
            >= ${onlineSince} then 'online' else 'offline' end) ${sql.join(keys, sql` `)} end`,
        value: HOSTNAME,
        ...NONE,
      };
    }
    case "version":
    case "os":
    case "architecture":
      return { group: sql.ref(`labeled.${sort}`), value: HOSTNAME, ...OF_CLASS };
    case "tags":
      return { group: sql`substr(labeled.tags, 1, ${sql.lit(SORTED_TAGS)})`, value: HOSTNAME, ...OF_CLASS };
    case "enrollmentToken":
      return {
        ...{ group: sql`enrollment_token.name_key`, value: HOSTNAME },
        tables: sql`${OF_PAIR.tables} cross join enrollment_token`,
        on: sql`${OF_PAIR.on} and enrollment_token.id = token_group.enrollment_token_id`,
      };
    case "assetGroup":
      return {
        group: sql`coalesce((select name_key from asset_group
          where asset_group.id = token_group.asset_group_id and asset_group.deleted_at is null), '')`,
        value: HOSTNAME,
        ...OF_PAIR,
      };
  }
}

/** Returns the key of a label that the database returned. */
export function keyOfLabel(sort: LabelSort, label: string): string {
  return sort === "version" ? versionKey(label) : label;
}
