// The list of hosts with their updates in SQL. If few hosts match a filter, its index finds them. Otherwise
// the list is read in its order, where the next matches are near.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import type { HostUpdateState } from "@attacklens/protocol/update-rings.ts";
import { sql } from "kysely";
import { unindexed } from "../db/dialect.ts";
import { type AnyQuery, byText, contains, countUpTo, keysetPage } from "../db/keyset.ts";
import { cellsWithStanding } from "../db/listing-cells.ts";
import { isLiveGroup } from "../db/live-group.ts";
import { sensorsNamed } from "../db/name-search.ts";
import { isAmongMany } from "../db/numbers.ts";
import type { Database } from "../db/schema.ts";
import { listHosts } from "./host-updates-store.ts";

export interface HostPage {
  q?: string | undefined;
  state?: HostUpdateState | undefined;
  version?: string | undefined;
  /** `isLast`: the ring of every host that is in no other ring. */
  ring?: { id: string; isLast: boolean } | undefined;
  sort: "hostname";
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  count?: "exact" | undefined;
}

/** Of enrolled hosts that are neither blocked nor waiting for approval. */
const CELLS = cellsWithStanding(["pending", "reporting"]);

export async function pageOfHosts(db: Database, page: HostPage) {
  const sort = byText(sql<string>`sensor_listing.hostname_key`);
  return await keysetPage(
    db,
    { ...page, sort, sortName: page.sort, id: sql<string>`sensor_listing.sensor_id` },
    async (tx) => {
      const few = await smallest(tx, candidates(tx, page));
      if (few) return { query: matching(tx, page, among(tx, few)), isWalked: false };
      // An index has the order within each cell.
      const cells = CELLS.map((cell) => tx.selectFrom("sensorListing").where("cell", "=", cell));
      return { query: cells.map((hosts) => matching(tx, page, hosts)), isWalked: true };
    },
    listHosts,
  );
}

/** Returns a query per filter for the ids of all matching sensors, and of some others, by an index. */
function candidates(db: Database, { q, state, version, ring }: HostPage): AnyQuery[] {
  const all: AnyQuery[] = [];
  if (version !== undefined)
    all.push(
      db
        .selectFrom("sensorClass")
        .crossJoin("sensorListing")
        .select("sensorListing.sensorId as candidateId")
        .where("sensorClass.version", "=", version)
        .whereRef("sensorListing.classId", "=", "sensorClass.id"),
    );
  if (state !== undefined && state !== "unknown")
    all.push(db.selectFrom("sensorUpdate").select("sensorId as candidateId").where("state", "=", state));
  if (ring && !ring.isLast)
    all.push(
      db
        .selectFrom("updateRingGroup")
        .crossJoin("asset")
        .crossJoin("sensor")
        .select("sensor.id as candidateId")
        .where("updateRingGroup.ringId", "=", ring.id)
        .whereRef("asset.assetGroupId", "=", "updateRingGroup.assetGroupId")
        .whereRef("sensor.assetId", "=", "asset.id"),
    );
  const named = q ? sensorsNamed(db, q) : undefined;
  if (named) all.push(named);
  return all;
}

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

/** Returns the hosts among the candidates. */
function among(db: Database, few: AnyQuery): AnyQuery {
  return (
    db
      // The limit makes the subquery a separate step of the plan.
      .selectFrom(few.limit(COUNT_CAP + 1).as("candidate"))
      .crossJoin("sensorListing")
      .whereRef("sensorListing.sensorId", "=", "candidate.candidateId" as never)
      .where(isAmongMany(db, sql`sensor_listing.cell`, CELLS))
  );
}

function matching(db: Database, { q, state, version, ring }: HostPage, hosts: AnyQuery): AnyQuery {
  let query = hosts;
  if (version !== undefined)
    query = query.where(
      sql`(select sensor_class.version from sensor_class where sensor_class.id = sensor_listing.class_id)`,
      "=",
      version,
    );
  if (state !== undefined) {
    const updates = db
      .selectFrom("sensorUpdate")
      .select("sensorUpdate.sensorId")
      .whereRef("sensorUpdate.sensorId", "=", "sensorListing.sensorId" as never);
    query =
      state === "unknown"
        ? query.where((eb) => eb.not(eb.exists(updates)))
        : query.where((eb) =>
            eb.exists(updates.where(unindexed<HostUpdateState>(db, "sensorUpdate.state"), "=", state)),
          );
  }
  if (ring) query = ofRing(db, query, ring);
  if (q) query = query.where(contains(sql<string>`sensor_listing.hostname_key`, q));
  return query;
}

function ofRing(db: Database, query: AnyQuery, { id, isLast }: { id: string; isLast: boolean }): AnyQuery {
  const inRing = db
    .selectFrom("sensor")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .innerJoin("assetGroup", isLiveGroup)
    .innerJoin("updateRingGroup", "updateRingGroup.assetGroupId", "assetGroup.id")
    .select("asset.id")
    .whereRef("sensor.id", "=", "sensorListing.sensorId" as never);
  return isLast
    ? query.where((eb) => eb.not(eb.exists(inRing)))
    : query.where((eb) => eb.exists(inRing.where(unindexed<string>(db, "updateRingGroup.ringId"), "=", id)));
}
