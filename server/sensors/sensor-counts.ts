// The numbers of sensors, exact at the time of the request.
import type { SensorCounts } from "@attacklens/protocol/sensor-counts.ts";
import { SENSOR_PLATFORMS, SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { cellOf, flipped, isListed } from "../db/listing-cells.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { countCells } from "./classes-store.ts";
import { countMisplaced } from "./seen-store.ts";
import { countByGroup, countByToken, countByVersion, listTags } from "./sensor-counts-store.ts";

/** `onlineSince` is the earliest last check-in that counts as online. */
export async function countSensors(db: Database, onlineSince: number): Promise<SensorCounts> {
  return await inSnapshot(db, async (tx) => {
    const counts = (await countCells(tx)).map(({ cell, sensors }) => ({ ...cellOf(cell), sensors }));
    for (const { cell, sensors } of await countMisplaced(tx, { all: [] }, onlineSince)) {
      counts.push({ ...cellOf(cell), sensors: -sensors });
      counts.push({ ...cellOf(flipped(cell)), sensors });
    }
    const listed = counts.filter(isListed);
    return {
      sensors: sum(listed),
      byStatus: SENSOR_STATUSES.map((status) => ({
        status,
        sensors: sum(counts.filter((cell) => cell.status === status)),
      })),
      byPlatform: SENSOR_PLATFORMS.map((platform) => ({
        platform,
        sensors: sum(listed.filter((cell) => cell.platform === platform)),
      })),
      byVersion: await countByVersion(tx),
      byEnrollmentToken: (await countByToken(tx)).map(({ id, name, deletedAt, sensors }) => ({
        enrollmentToken: { id, name, deleted: deletedAt !== null },
        sensors,
      })),
      byAssetGroup: (await countByGroup(tx)).map(({ id, name, sensors }) => ({
        assetGroup: id === null ? null : { id, name: name ?? "" },
        sensors,
      })),
      tags: await listTags(tx),
    };
  });
}

const sum = (counts: readonly { sensors: number }[]) =>
  counts.reduce((total, { sensors }) => total + sensors, 0);
