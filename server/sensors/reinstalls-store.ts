// Sensors that look like others, in SQL.
import { sql } from "kysely";
import type { Database, SensorLikenessTable } from "../db/schema.ts";

/** A value that more assets have is nobody's own. */
const MAX_HOLDERS = 20;

/**
 * The approved sensors that exist and are not replaced, of an asset that has one of the identifiers; these are values by type. An
 * asset has at most one of them, the latest.
 */
export async function listHolders(tx: Database, identifiers: Record<string, string[]>) {
  const kinds = Object.entries(identifiers).filter(([, values]) => values.length > 0);
  if (kinds.length === 0) return [];
  const rare = await tx
    .selectFrom("assetIdentifier")
    .innerJoin("asset", "asset.id", "assetIdentifier.assetId")
    .select(["assetIdentifier.type", "value"])
    .where("asset.mergedInto", "is", null)
    .where((eb) =>
      eb.or(
        kinds.map(([kind, values]) =>
          eb.and([eb("assetIdentifier.type", "=", kind), eb("value", "in", values)]),
        ),
      ),
    )
    .groupBy(["assetIdentifier.type", "value"])
    .having((eb) => eb.fn.countAll(), "<=", MAX_HOLDERS)
    .execute();
  if (rare.length === 0) return [];
  const byKind = Map.groupBy(rare, ({ type }) => type);
  return await tx
    .selectFrom("assetIdentifier")
    .innerJoin("sensor", "sensor.assetId", "assetIdentifier.assetId")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .select(["sensor.id", "sensor.enrolledHost", "sensorPresence.lastSeenAt", "asset.assetGroupId"])
    .distinct()
    .where((eb) =>
      eb.or(
        [...byKind].map(([kind, rows]) =>
          eb.and([
            eb("assetIdentifier.type", "=", kind),
            eb(
              "assetIdentifier.value",
              "in",
              rows.map(({ value }) => value),
            ),
          ]),
        ),
      ),
    )
    .where("sensor.awaitingApproval", "=", 0)
    .where("sensor.deletedAt", "is", null)
    .where("sensor.uninstalledAt", "is", null)
    .where("sensor.removedAt", "is", null)
    .where("sensor.replacedAt", "is", null)
    .execute();
}

export async function insertLikenesses(tx: Database, rows: SensorLikenessTable[]): Promise<void> {
  if (rows.length > 0) await tx.insertInto("sensorLikeness").values(rows).execute();
}

/**
 * Pairs about which neither a person nor the token's rule has decided and of which the earlier sensor is silent: not seen since `onlineSince`, nor since the
 * later one enrolled. The one that was seen last comes first.
 */
function openPairs(db: Database, onlineSince: number) {
  return (
    db
      .selectFrom("sensorLikeness")
      .innerJoin("sensor as later", "later.id", "sensorLikeness.sensorId")
      .innerJoin("sensor as earlier", "earlier.id", "sensorLikeness.predecessorId")
      .innerJoin("sensorPresence as seen", "seen.sensorId", "earlier.id")
      .innerJoin("asset as laterAsset", "laterAsset.id", "later.assetId")
      .innerJoin("asset as earlierAsset", "earlierAsset.id", "earlier.assetId")
      .select([
        "sensorLikeness.sensorId",
        "sensorLikeness.predecessorId",
        "sensorLikeness.facts",
        "sensorLikeness.isCertain",
        "earlier.hostname",
        "seen.lastSeenAt",
      ])
      // Of the two tokens' rules the stricter one counts: keep, ask, merge.
      .innerJoin("enrollmentToken as laterToken", "laterToken.id", "later.enrollmentTokenId")
      .innerJoin("enrollmentToken as earlierToken", "earlierToken.id", "earlier.enrollmentTokenId")
      .select(["laterToken.reinstalls as laterRule", "earlierToken.reinstalls as earlierRule"])
      .where("sensorLikeness.decision", "is", null)
      .where("laterToken.reinstalls", "!=", "keep")
      .where("earlierToken.reinstalls", "!=", "keep")
      .where("later.awaitingApproval", "=", 0)
      .where("earlier.awaitingApproval", "=", 0)
      .where("later.deletedAt", "is", null)
      .where("later.removedAt", "is", null)
      .where("later.uninstalledAt", "is", null)
      .where("later.replacedAt", "is", null)
      .where("earlier.deletedAt", "is", null)
      .where("earlier.uninstalledAt", "is", null)
      .where("earlier.removedAt", "is", null)
      .where("earlier.replacedAt", "is", null)
      .where("earlier.blockedAt", "is", null)
      .where("seen.lastSeenAt", "<", onlineSince)
      .whereRef("seen.lastSeenAt", "<=", "later.enrolledAt")
      .where(sql<boolean>`later_asset.asset_group_id is not distinct from earlier_asset.asset_group_id`)
      .orderBy("seen.lastSeenAt", "desc")
      .orderBy("earlier.id")
  );
}

export type OpenPair = Awaited<ReturnType<typeof listOpenPairs>>[number];

export async function listOpenPairs(db: Database, onlineSince: number, sensorIds: readonly string[]) {
  if (sensorIds.length === 0) return [];
  return await openPairs(db, onlineSince).where("sensorLikeness.sensorId", "in", sensorIds).execute();
}

/** The ids of the sensors that an open pair is about, for a filter. */
export function openPairSensors(db: Database, onlineSince: number) {
  return openPairs(db, onlineSince)
    .clearSelect()
    .clearOrderBy()
    .select("sensorLikeness.sensorId")
    .whereRef("sensorLikeness.sensorId", "=", "sensor.id" as never);
}

/** Certain pairs whose later sensor reports, and whose tokens' rules are to merge. */
export async function listPairsToMerge(db: Database, onlineSince: number, limit: number) {
  return await openPairs(db, onlineSince)
    .where("laterToken.reinstalls", "=", "merge")
    .where("earlierToken.reinstalls", "=", "merge")
    .where("sensorLikeness.isCertain", "=", 1)
    .where("later.reportedAt", "is not", null)
    .where("later.blockedAt", "is", null)
    .limit(limit)
    .execute();
}

export async function findLikeness(db: Database, sensorId: string, predecessorId: string) {
  return await db
    .selectFrom("sensorLikeness")
    .selectAll()
    .where("sensorId", "=", sensorId)
    .where("predecessorId", "=", predecessorId)
    .executeTakeFirst();
}

export async function decideLikeness(
  tx: Database,
  { sensorId, predecessorId }: Pick<SensorLikenessTable, "sensorId" | "predecessorId">,
  decision: Pick<SensorLikenessTable, "decision" | "decidedAt" | "decidedBy" | "formerAssetId">,
): Promise<void> {
  await tx
    .updateTable("sensorLikeness")
    .set(decision)
    .where("sensorId", "=", sensorId)
    .where("predecessorId", "=", predecessorId)
    .execute();
}

/** The sensors that one has replaced, and those that these had, the latest first. */
export async function listReplaced(db: Database, id: string) {
  return await db
    .withRecursive("replaced", (qb) =>
      qb
        .selectFrom("sensor")
        .select("sensor.id")
        .where("replacedBy", "=", id)
        .unionAll(
          qb
            .selectFrom("sensor")
            .innerJoin("replaced", "replaced.id", "sensor.replacedBy")
            .select("sensor.id"),
        ),
    )
    .selectFrom("replaced")
    .innerJoin("sensor", "sensor.id", "replaced.id")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .leftJoin("user", "user.id", "sensor.replacementDecidedBy")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.enrolledAt",
      "sensor.replacedAt",
      "sensorPresence.lastSeenAt",
      "user.name as decidedBy",
    ])
    .where("sensor.deletedAt", "is", null)
    .orderBy("sensor.replacedAt", "desc")
    .orderBy("sensor.id")
    .limit(100)
    .execute();
}
