// Matches of new sensors with silent ones, in SQL.
import { type RawBuilder, sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import { isAmong, jsonRows } from "../../db/dialect.ts";
import { insertion } from "../../db/insertion.ts";
import { UNINSTALLED } from "../../db/listing-cells.ts";
import { isLiveGroup } from "../../db/live-group.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorMatchTable } from "../../db/schema-sensors.ts";
import { isSearchedIdentifier } from "../../db/searched-identifiers.ts";
import { inSnapshot } from "../../db/snapshot.ts";
import { type Place, statement } from "../../db/statement.ts";

/** A value that more than this many assets have identifies none of them. */
const MAX_HOLDERS = 20;

/**
 * Returns the approved, existing and not replaced sensors of the assets with one of the identifiers, which
 * are values by type. An asset has at most one such sensor, the latest.
 */
export async function listHolders(tx: Database, identifiers: Record<string, string[]>) {
  const shared = await listSharedByFew(tx, identifiers);
  if (shared.length === 0) return [];
  const rows = await assetsWith(tx, { pairs: JSON.stringify(shared) });
  return await forSomeValues(
    rows.map(({ assetId }) => assetId),
    (some) => holdersOf(tx, some).execute(),
  );
}

const PAIR = { type: "text", value: "text" } as const;

const assetsWith = statement<{ pairs: string }, { assetId: string }>((db, place) =>
  sql<{ assetId: string }>`
    select distinct asset_identifier.asset_id
    from ${jsonRows(db, place("pairs"), PAIR)} as wanted cross join asset_identifier
    where asset_identifier.type = wanted.type and asset_identifier.value = wanted.value
      and ${isSearchedIdentifier}`.compile(db),
);

/**
 * Returns the identifiers that at least two and at most MAX_HOLDERS assets have. The new sensor's asset
 * already has them, and for most of them it is the only one. Each identifier is counted in a subquery: with
 * one statement over all values, PostgreSQL reads every asset while a rollout is faster than its statistics.
 */
async function listSharedByFew(
  tx: Database,
  identifiers: Record<string, string[]>,
): Promise<{ type: string; value: string }[]> {
  const pairs = Object.entries(identifiers).flatMap(([type, values]) =>
    values.map((value) => ({ type, value })),
  );
  return pairs.length === 0 ? [] : await sharedByFew(tx, { pairs: JSON.stringify(pairs) });
}

const sharedByFew = statement<{ pairs: string }, { type: string; value: string }>((db, place) =>
  sql<{ type: string; value: string }>`
    select type, value from ${jsonRows(db, place("pairs"), PAIR)} as wanted
    where (
      select count(*) from (
        select 1 from asset_identifier join asset on asset.id = asset_identifier.asset_id
        where asset_identifier.type = wanted.type and asset_identifier.value = wanted.value
          and ${isSearchedIdentifier} and asset.merged_into is null
        limit ${MAX_HOLDERS + 1}
      ) as holder
    ) between 2 and ${MAX_HOLDERS}`.compile(db),
);

/**
 * Includes unenrolled sensors. It is a single expression because with four conditions, PostgreSQL expects so
 * few sensors that it starts the join from them.
 */
const canBeMatched = sql<boolean>`case when sensor.awaiting_approval = 0 and sensor.deleted_at is null
  and sensor.removed_at is null and sensor.replaced_at is null then true else false end`;

function holdersOf(tx: Database, some: string[]) {
  return tx
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .select(["sensor.id", "sensor.enrolledHost", "sensor.uninstalledAt", "sensorPresence.lastSeenAt"])
    .leftJoin("assetGroup", isLiveGroup)
    .select("assetGroup.id as assetGroupId")
    .where("sensor.assetId", "in", some)
    .where(canBeMatched);
}

/** Inserts matches that are undecided. */
export const insertMatches = insertion<
  Pick<SensorMatchTable, "sensorId" | "predecessorId" | "facts" | "isCertain">
>("sensorMatch", { sensorId: "text", predecessorId: "text", facts: "text", isCertain: "bigint" });

/** Deletes the undecided matches of a sensor with earlier ones. */
export async function deleteOpenMatches(tx: Database, sensorId: string): Promise<void> {
  await tx.deleteFrom("sensorMatch").where("sensorId", "=", sensorId).where("decision", "is", null).execute();
}

/** Returns the ids of the earlier sensors that a sensor is matched with, decided or not. */
export async function listPredecessorIds(db: Database, sensorId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("sensorMatch")
    .select("predecessorId")
    .where("sensorId", "=", sensorId)
    .execute();
  return rows.map(({ predecessorId }) => predecessorId);
}

/**
 * Returns the undecided pairs whose earlier sensor is silent: it is unenrolled or was not seen since
 * `onlineSince`, and was not seen since the later sensor enrolled. The most recently seen one comes first.
 */
export function openPairs(db: Database, onlineSince: number | RawBuilder<number>) {
  return (
    db
      .selectFrom("sensorMatch")
      // In this order: the earlier sensors of most pairs were seen.
      .crossJoin("sensorPresence as seen")
      .crossJoin("sensor as earlier")
      .crossJoin("sensor as later")
      .crossJoin("asset as laterAsset")
      .crossJoin("asset as earlierAsset")
      .whereRef("seen.sensorId", "=", "sensorMatch.predecessorId")
      .whereRef("earlier.id", "=", "sensorMatch.predecessorId")
      .whereRef("later.id", "=", "sensorMatch.sensorId")
      .whereRef("laterAsset.id", "=", "later.assetId")
      .whereRef("earlierAsset.id", "=", "earlier.assetId")
      .select([
        "sensorMatch.sensorId",
        "sensorMatch.predecessorId",
        "sensorMatch.facts",
        "sensorMatch.isCertain",
        "earlier.hostname",
        "earlier.uninstalledAt",
        "seen.lastSeenAt",
      ])
      // The stricter of the two tokens' rules applies: keep, then ask, then merge.
      .crossJoin("enrollmentToken as laterToken")
      .crossJoin("enrollmentToken as earlierToken")
      .whereRef("laterToken.id", "=", "later.enrollmentTokenId")
      .whereRef("earlierToken.id", "=", "earlier.enrollmentTokenId")
      .select(["laterToken.reimagedHosts as laterRule", "earlierToken.reimagedHosts as earlierRule"])
      .where("sensorMatch.decision", "is", null)
      .where("laterToken.reimagedHosts", "!=", "keep")
      .where("earlierToken.reimagedHosts", "!=", "keep")
      .where("later.awaitingApproval", "=", 0)
      .where("earlier.awaitingApproval", "=", 0)
      .where("later.deletedAt", "is", null)
      .where("later.removedAt", "is", null)
      .where("later.uninstalledAt", "is", null)
      .where("later.replacedAt", "is", null)
      .where("earlier.deletedAt", "is", null)
      .where("earlier.removedAt", "is", null)
      .where("earlier.replacedAt", "is", null)
      .where("earlier.blockedAt", "is", null)
      .where((eb) =>
        eb.or([eb("seen.lastSeenAt", "<", onlineSince), eb.between("seen.cell", ...UNINSTALLED)]),
      )
      .whereRef("seen.lastSeenAt", "<=", "later.enrolledAt")
      .where(sql<boolean>`later_asset.asset_group_id is not distinct from earlier_asset.asset_group_id`)
      .orderBy("seen.lastSeenAt", "desc")
      .orderBy("earlier.id")
  );
}

export type OpenPair = Awaited<ReturnType<typeof listOpenPairs>>[number];

const openPairsOf = statement((db, place: Place<{ ids: string; onlineSince: number }>) =>
  openPairs(db, place("onlineSince"))
    .where(isAmong(db, "sensor_match.sensor_id", place("ids")))
    .compile(),
);

/** `ids`: of later sensors with undecided pairs. For others, PostgreSQL would only plan the joins. */
export async function listOpenPairs(db: Database, onlineSince: number, ids: readonly string[]) {
  return ids.length === 0 ? [] : await openPairsOf(db, { ids: JSON.stringify(ids), onlineSince });
}

/**
 * Returns the undecided pairs of these later sensors whose earlier sensor was seen after the later one
 * enrolled. Such a pair is two hosts.
 */
export async function listRefutedPairs(db: Database, sensorIds: string[]) {
  return await forSomeValues(sensorIds, (some) =>
    db
      .selectFrom("sensorMatch")
      .innerJoin("sensor as later", "later.id", "sensorMatch.sensorId")
      .innerJoin("sensorPresence as seen", "seen.sensorId", "sensorMatch.predecessorId")
      .select(["sensorMatch.sensorId", "sensorMatch.predecessorId"])
      .where("sensorMatch.sensorId", "in", some)
      .where("sensorMatch.decision", "is", null)
      .whereRef("seen.lastSeenAt", ">", "later.enrolledAt")
      .execute(),
  );
}

/**
 * Returns the certain pairs of these later sensors if the sensor reports and both tokens' rules are to merge.
 * Only an operator can merge an unenrolled sensor: its key is refused, so no request of its host could undo a
 * wrong merge.
 */
export async function listPairsToMerge(db: Database, onlineSince: number, sensorIds: string[]) {
  return await forSomeValues(sensorIds, (some) => pairsToMerge(db, onlineSince, some).execute());
}

function pairsToMerge(db: Database, onlineSince: number, some: string[]) {
  return openPairs(db, onlineSince)
    .where("sensorMatch.sensorId", "in", some)
    .where("laterToken.reimagedHosts", "=", "merge")
    .where("earlierToken.reimagedHosts", "=", "merge")
    .where("sensorMatch.isCertain", "=", 1)
    .where("later.reportedAt", "is not", null)
    .where("later.blockedAt", "is", null)
    .where("earlier.uninstalledAt", "is", null);
}

export async function findMatch(db: Database, sensorId: string, predecessorId: string) {
  return await db
    .selectFrom("sensorMatch")
    .selectAll()
    .where("sensorId", "=", sensorId)
    .where("predecessorId", "=", predecessorId)
    .executeTakeFirst();
}

export async function decideMatch(
  tx: Database,
  { sensorId, predecessorId }: Pick<SensorMatchTable, "sensorId" | "predecessorId">,
  decision: Pick<SensorMatchTable, "decision" | "decidedAt" | "decidedBy" | "formerAssetId">,
): Promise<void> {
  await tx
    .updateTable("sensorMatch")
    .set(decision)
    .where("sensorId", "=", sensorId)
    .where("predecessorId", "=", predecessorId)
    .execute();
}

/** Returns the sensors that this one replaced, directly or through others, the latest first. */
export async function listReplaced(db: Database, id: string) {
  return await inSnapshot(db, (tx) => replaced(tx, id).execute());
}

/** Returns the ids of the sensors that these ones replaced, directly or through others. */
export async function listReplacedIds(tx: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await forSomeValues(ids, (some) =>
    withReplaced(tx, some).selectFrom("replaced").select("replaced.id").execute(),
  );
  return rows.map(({ id }) => id);
}

function withReplaced(tx: Database, some: readonly string[]) {
  return tx.withRecursive("replaced", (qb) =>
    qb
      .selectFrom("sensor")
      .select("sensor.id")
      .where("replacedBy", "in", some)
      .unionAll(
        // A cross join, because SQLite does not reorder it. Otherwise it would read every sensor.
        qb
          .selectFrom("replaced")
          .crossJoin("sensor")
          .select("sensor.id")
          .whereRef("sensor.replacedBy", "=", "replaced.id"),
      ),
  );
}

function replaced(tx: Database, id: string) {
  return withReplaced(tx, [id])
    .selectFrom("replaced")
    .crossJoin("sensor")
    .whereRef("sensor.id", "=", "replaced.id")
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
    .limit(100);
}
