// The numbers of sensors, exact at the time of the request.
import { MAX_LISTED_COUNTS, type SensorCounts } from "@attacklens/protocol/sensor-counts.ts";
import { SENSOR_PLATFORMS, SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { cellOf, flipped, isListed } from "../db/listing-cells.ts";
import { compareText } from "../db/merge-ranges.ts";
import type { Database } from "../db/schema.ts";
import { inSnapshot } from "../db/snapshot.ts";
import { type CellCount, type ClassCount, countClasses, type SensorClass } from "./classes-store.ts";
import { countMisplaced } from "./seen-store.ts";
import { listGroups, listTags, listTokens } from "./sensor-counts-store.ts";

/** `onlineSince` is the earliest last check-in that counts as online. */
export async function countSensors(db: Database, onlineSince: number): Promise<SensorCounts> {
  return await inSnapshot(db, async (tx) => {
    const [{ all, classes }, misplaced, tags] = await Promise.all([
      countClasses(tx),
      countMisplaced(tx, { all: [] }, onlineSince),
      listTags(tx, {}),
    ]);
    const counts = withSilenceNow(all, misplaced);
    const listed = counts.filter(isListed);
    const listedClasses = classes.filter(({ cell }) => isListed(cellOf(cell)));
    const [byEnrollmentToken, byAssetGroup] = await Promise.all([
      sumsByToken(tx, listedClasses),
      sumsByGroup(tx, listedClasses),
    ]);
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
      byVersion: sumsBy(listedClasses, ({ version }) => version, -1).map(([version, sensors]) => ({
        version,
        sensors,
      })),
      byEnrollmentToken,
      byAssetGroup,
      tags: tags.map(({ tag }) => tag),
    };
  });
}

/** Returns the numbers with their cells. `misplaced`: sensors whose silence is not that of their cell. */
export function withSilenceNow(counts: readonly CellCount[], misplaced: readonly CellCount[]) {
  return [
    ...counts.map(({ cell, sensors }) => ({ ...cellOf(cell), sensors })),
    ...misplaced.flatMap(({ cell, sensors }) => [
      { ...cellOf(cell), sensors: -sensors },
      { ...cellOf(flipped(cell)), sensors },
    ]),
  ];
}

async function sumsByToken(tx: Database, classes: readonly ClassCount[]) {
  const sums = sumsBy(classes, ({ enrollmentTokenId }) => enrollmentTokenId);
  const tokens = await listTokens(tx, { ids: JSON.stringify(sums.map(([id]) => id)) });
  const byId = new Map(tokens.map((token) => [token.id, token]));
  return sums.flatMap(([id, sensors]) => {
    const token = byId.get(id);
    if (!token) return [];
    return { enrollmentToken: { id, name: token.name, deleted: token.deletedAt !== null }, sensors };
  });
}

/** The sensors of a deleted group have none. */
async function sumsByGroup(tx: Database, classes: readonly ClassCount[]) {
  const ids = [...new Set(classes.map(({ of }) => of.assetGroupId))];
  const groups = new Map(
    (await listGroups(tx, { ids: JSON.stringify(ids) })).map(({ id, name }) => [id, name]),
  );
  return sumsBy(classes, ({ assetGroupId }) => (groups.has(assetGroupId) ? assetGroupId : "")).map(
    ([id, sensors]) => ({ assetGroup: id === "" ? null : { id, name: groups.get(id)! }, sensors }),
  );
}

/** Returns the largest sums by a key. Equal ones are in the order of their keys. */
function sumsBy(
  classes: readonly ClassCount[],
  keyOf: (of: SensorClass) => string,
  sign: 1 | -1 = 1,
): [key: string, sensors: number][] {
  const sums = new Map<string, number>();
  for (const { of, sensors } of classes) sums.set(keyOf(of), (sums.get(keyOf(of)) ?? 0) + sensors);
  return [...sums]
    .toSorted(([one, few], [other, many]) => many - few || sign * compareText(one, other))
    .slice(0, MAX_LISTED_COUNTS);
}

const sum = (counts: readonly { sensors: number }[]) =>
  counts.reduce((total, { sensors }) => total + sensors, 0);
