// Counts sensors by reading every row, with the rules that the details of a sensor use.
import type { SensorCounts } from "@attacklens/protocol/sensor-counts.ts";
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { compareText } from "../db/merge-ranges.ts";
import type { Database } from "../db/schema.ts";
import { addressOfKey } from "../networks.ts";
import { openPairs } from "../sensors/matches/matches-store.ts";
import { sensorStatus } from "../sensors/record/sensor-status.ts";

/** Seconds between the check-ins of these fleets. */
export const INTERVAL_SECONDS = 60;

export interface Row {
  id: string;
  status: ReturnType<typeof sensorStatus>;
  platform: string;
  token: string;
  group: string | null;
  version: string;
  os: string;
  architecture: string;
  /** Its name and its id. */
  asset: string[];
  names: { token: string; group: string; tags: string };
  hasMatch: boolean;
  hostname: string;
  lastSeenAt: number;
  enrolledAt: number;
  address: string;
  tags: string[];
  /** Values of its asset's identifiers. */
  identifiers: string[];
}

/** Reads every sensor, with the rules that the details of a sensor use. */
export async function allRows(db: Database, now: number): Promise<Row[]> {
  const since = now - 3 * INTERVAL_SECONDS * 1000;
  const matched = new Set((await openPairs(db, since).execute()).map(({ sensorId }) => sensorId));
  const rows = await db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", "assetGroup.id", "asset.assetGroupId")
    .selectAll("sensor")
    .innerJoin("enrollmentToken", "enrollmentToken.id", "sensor.enrollmentTokenId")
    .select(["sensorPresence.lastSeenAt", "sensorPresence.address", "asset.assetGroupId", "asset.tags"])
    .select(["asset.nameKey as assetName", "enrollmentToken.nameKey as tokenName"])
    .select(["assetGroup.deletedAt as groupDeletedAt", "assetGroup.nameKey as groupName"])
    .where("sensor.deletedAt", "is", null)
    .execute();
  const identifiers = Map.groupBy(
    await db.selectFrom("assetIdentifier").selectAll().execute(),
    ({ assetId }) => assetId,
  );
  return rows.map((row) => ({
    id: row.id,
    status: sensorStatus(row, now, INTERVAL_SECONDS),
    platform: row.platform,
    token: row.enrollmentTokenId,
    group: row.groupDeletedAt === null ? row.assetGroupId : null,
    version: row.version,
    os: `${row.osName} ${row.osVersion}`.toLowerCase(),
    architecture: row.architecture,
    asset: [row.assetName, row.assetId],
    names: {
      token: row.tokenName,
      group: (row.groupDeletedAt === null ? row.groupName : null) ?? "",
      tags: row.tags,
    },
    hasMatch: matched.has(row.id),
    hostname: row.hostnameKey,
    lastSeenAt: row.lastSeenAt,
    enrolledAt: row.enrolledAt,
    address: addressOfKey(row.address),
    tags: JSON.parse(row.tags) as string[],
    identifiers: (identifiers.get(row.assetId) ?? []).map(({ type, value }) => `${type} ${value}`),
  }));
}

/** Counts the rows, with the rules of the API. */
/** Without the tags, which assets without sensors may also have. */
export function recount(rows: Row[]): Omit<SensorCounts, "tags"> {
  const listed = rows.filter(({ status }) => status !== "removed" && status !== "replaced");
  const by = <K extends string | null>(key: (row: Row) => K) =>
    [...Map.groupBy(listed, key)].map(([value, { length }]) => ({ value, sensors: length }));
  const nameOf = (id: string) => `${id.startsWith("tok") ? "Token" : "Group"} ${Number(id.slice(-12))}`;
  return {
    sensors: listed.length,
    byStatus: SENSOR_STATUSES.map((status) => ({
      status,
      sensors: rows.filter((row) => row.status === status).length,
    })),
    byPlatform: (["linux", "windows", "darwin"] as const).map((platform) => ({
      platform,
      sensors: listed.filter((row) => row.platform === platform).length,
    })),
    byVersion: by(({ version }) => version).map(({ value, sensors }) => ({ version: value, sensors })),
    byEnrollmentToken: by(({ token }) => token).map(({ value, sensors }) => ({
      enrollmentToken: { id: value, name: nameOf(value), deleted: false },
      sensors,
    })),
    byAssetGroup: by(({ group }) => group).map(({ value, sensors }) => ({
      assetGroup: value === null ? null : { id: value, name: nameOf(value) },
      sensors,
    })),
  };
}

/** Sorts equal numbers by what they count. */
export function inOneOrder({
  byVersion,
  byEnrollmentToken,
  byAssetGroup,
  ...counts
}: Omit<SensorCounts, "tags">) {
  const sorted = <T extends { sensors: number }>(all: T[]) =>
    all.toSorted(
      (one, other) => other.sensors - one.sensors || compareText(JSON.stringify(one), JSON.stringify(other)),
    );
  return {
    ...counts,
    byVersion: sorted(byVersion),
    byEnrollmentToken: sorted(byEnrollmentToken),
    byAssetGroup: sorted(byAssetGroup),
  };
}
