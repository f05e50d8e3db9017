// The list of sensors in SQL. If few sensors match a filter, an index of that filter finds them. Otherwise
// the list is read in its order, where the next matches are near. Neither depends on statistics, which SQLite
// does not keep.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import type { SensorStatus } from "@attacklens/protocol/sensors.ts";
import { sql } from "kysely";
import { unindexed } from "../db/dialect.ts";
import { type AnyQuery, byNumber, byText, contains, countUpTo, keysetPage } from "../db/keyset.ts";
import { liveGroupId } from "../db/live-group.ts";
import type { Database, SensorTable, Standing } from "../db/schema.ts";
import { openPairs } from "./matches/matches-store.ts";
import { listSensorRows } from "./record/sensors-store.ts";

const SORTS = {
  hostname: { sort: byText(sql<string>`sensor.hostname_key`), id: sql<string>`sensor.id` },
  // Both columns are in the same table, so that one index gives the order.
  lastSeenAt: {
    sort: byNumber(sql<number>`sensor_presence.last_seen_at`),
    id: sql<string>`sensor_presence.sensor_id`,
  },
  enrolledAt: { sort: byNumber(sql<number>`sensor.enrolled_at`), id: sql<string>`sensor.id` },
};

export interface SensorPage {
  q?: string | undefined;
  status?: SensorStatus | undefined;
  platform?: SensorTable["platform"] | undefined;
  enrollmentTokenId?: string | undefined;
  assetGroupId?: string | undefined;
  match?: "any" | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

/** `onlineSince` is the earliest last check-in that counts as online. */
export async function pageOfSensors(db: Database, onlineSince: number, page: SensorPage) {
  return await keysetPage(
    db,
    { ...page, ...SORTS[page.sort], sortName: page.sort },
    async (tx) => {
      const few = await smallest(tx, candidates(tx, onlineSince, page));
      return { query: matching(tx, onlineSince, page, few), isWalked: few === undefined };
    },
    listSensorRows,
  );
}

/** Returns a query per filter for the ids of all matching sensors, and of some unlisted ones, by an index. */
function candidates(db: Database, onlineSince: number, page: SensorPage): AnyQuery[] {
  const { q, status, platform, enrollmentTokenId, assetGroupId, match } = page;
  const all: AnyQuery[] = [];
  const sensors = db.selectFrom("sensor").select("sensor.id as candidateId");
  if (status === "online" || status === "offline")
    all.push(
      db
        .selectFrom("sensorPresence")
        .select("sensorId as candidateId")
        .where("lastSeenAt", status === "online" ? ">=" : "<", onlineSince),
    );
  else if (status) all.push(sensors.where("standing", "=", status));
  if (platform) all.push(sensors.where("platform", "=", platform));
  if (enrollmentTokenId) all.push(sensors.where("enrollmentTokenId", "=", enrollmentTokenId));
  if (assetGroupId)
    all.push(
      db
        .selectFrom("asset")
        .crossJoin("sensor")
        .select("sensor.id as candidateId")
        .whereRef("sensor.assetId", "=", "asset.id")
        .where("asset.assetGroupId", "=", liveGroupId(assetGroupId)),
    );
  if (match)
    all.push(
      openPairs(db, onlineSince)
        .clearSelect()
        .clearOrderBy()
        .select("sensorMatch.sensorId as candidateId")
        .distinct(),
    );
  if (q) {
    const kept = status
      ? sensors.where("standing", "=", standingOf(status))
      : sensors.where("listed", "=", 1);
    all.push(kept.where(contains(sql<string>`sensor.hostname_key`, q)));
  }
  return all;
}

const standingOf = (status: SensorStatus): Standing =>
  status === "online" || status === "offline" ? "reporting" : status;

/** Returns the query with the fewest rows, or undefined if each has more rows than are sorted for a page. */
async function smallest(db: Database, queries: AnyQuery[]): Promise<AnyQuery | undefined> {
  let few: AnyQuery | undefined;
  let most = COUNT_CAP;
  for (const query of queries) {
    const count = await countUpTo(db, query, most + 1);
    if (count > most) continue;
    few = query;
    most = count;
  }
  return few;
}

/**
 * Returns the query for the sensors that match all filters, from the candidates or in the order of the sort.
 */
function matching(db: Database, onlineSince: number, page: SensorPage, few: AnyQuery | undefined): AnyQuery {
  const { q, status, platform, enrollmentTokenId, assetGroupId, match } = page;
  const byPresence = page.sort === "lastSeenAt";
  const isSeen = status === "online" || status === "offline";
  // Cross joins, because SQLite does not reorder them.
  let query: AnyQuery;
  if (few) {
    query = db
      // The limit makes the subquery a separate step of the plan.
      .selectFrom(few.limit(COUNT_CAP + 1).as("candidate"))
      .crossJoin("sensor")
      .whereRef("sensor.id", "=", "candidate.candidateId" as never);
    if (byPresence || isSeen) query = withPresence(query);
  } else if (byPresence) {
    query = withSensor(db.selectFrom("sensorPresence"));
  } else {
    query = db.selectFrom("sensor");
    if (isSeen) query = withPresence(query);
  }
  query = status
    ? query.where("sensor.standing", "=", standingOf(status))
    : query.where("sensor.listed", "=", 1);
  if (isSeen) query = query.where("sensorPresence.lastSeenAt", status === "online" ? ">=" : "<", onlineSince);
  if (platform) query = query.where(unindexed(db, "sensor.platform"), "=", platform);
  if (enrollmentTokenId)
    query = query.where(unindexed(db, "sensor.enrollmentTokenId"), "=", enrollmentTokenId);
  if (assetGroupId)
    query = query
      .crossJoin("asset")
      .whereRef("asset.id", "=", "sensor.assetId")
      .where(unindexed<string | null>(db, "asset.assetGroupId"), "=", liveGroupId(assetGroupId));
  if (match)
    query = query.where((eb) =>
      eb.exists(
        openPairs(db, onlineSince)
          .clearSelect()
          .clearOrderBy()
          .select("sensorMatch.sensorId")
          .whereRef("sensorMatch.sensorId", "=", "sensor.id" as never),
      ),
    );
  if (q) query = query.where(contains(sql<string>`sensor.hostname_key`, q));
  return query;
}

const withPresence = (query: AnyQuery): AnyQuery =>
  query.crossJoin("sensorPresence").whereRef("sensorPresence.sensorId", "=", "sensor.id");

const withSensor = (query: AnyQuery): AnyQuery =>
  query.crossJoin("sensor").whereRef("sensor.id", "=", "sensorPresence.sensorId");
