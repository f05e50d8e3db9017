// The list of hosts with their updates in SQL. If few hosts match a filter, its index finds them. Otherwise
// the list is read in its order, where the next matches are near.
import type { HostUpdateState } from "@attacklens/protocol/update-rings.ts";
import { sql } from "kysely";
import { unindexed } from "../db/dialect.ts";
import { type AnyQuery, byText, contains, countUpTo, keysetPage } from "../db/keyset.ts";
import { isLiveGroup } from "../db/live-group.ts";
import { sensorsNamed } from "../db/name-search.ts";
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

/** Enrolled hosts that are neither blocked nor waiting for approval. */
export async function pageOfHosts(db: Database, page: HostPage) {
  const sort = byText(sql<string>`sensor.hostname_key`);
  return await keysetPage(
    db,
    { ...page, sort, sortName: page.sort, id: sql<string>`sensor.id` },
    async (tx) => {
      const few = await smallest(tx, candidates(tx, page));
      return { query: matching(tx, page, few), isWalked: few === undefined };
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
  if (q) all.push(sensorsNamed(db, q) ?? sensorsWithText(db, q));
  return all;
}

/** For a text that is too short for the index of searches. Reads all names in their index. */
function sensorsWithText(db: Database, q: string): AnyQuery {
  return db
    .selectFrom("sensor")
    .select("sensor.id as candidateId")
    .where("listed", "=", 1)
    .where(contains(sql<string>`sensor.hostname_key`, q));
}

/** So many hosts are sorted for a page. To find the same among more hosts in their order takes longer. */
const FEW = 10_000;

/** Returns the query with the fewest rows, or undefined if each has more rows than are sorted for a page. */
async function smallest(db: Database, queries: AnyQuery[]): Promise<AnyQuery | undefined> {
  let few: AnyQuery | undefined;
  let most = FEW;
  for (const query of queries) {
    const count = await countUpTo(db, query, most + 1);
    if (count > most) continue;
    few = query;
    most = count;
  }
  return few;
}

function matching(db: Database, page: HostPage, few: AnyQuery | undefined): AnyQuery {
  const { q, state, version, ring } = page;
  let query: AnyQuery = few
    ? db
        // The limit makes the subquery a separate step of the plan.
        .selectFrom(few.limit(FEW + 1).as("candidate"))
        .crossJoin("sensor")
        .whereRef("sensor.id", "=", "candidate.candidateId" as never)
    : db.selectFrom("sensor");
  query = query
    .where("sensor.listed", "=", 1)
    .where(unindexed<string>(db, "sensor.standing"), "in", ["pending", "reporting"]);
  if (version !== undefined) query = query.where(unindexed<string>(db, "sensor.version"), "=", version);
  if (state !== undefined) {
    const updates = db
      .selectFrom("sensorUpdate")
      .select("sensorUpdate.sensorId")
      .whereRef("sensorUpdate.sensorId", "=", "sensor.id" as never);
    query =
      state === "unknown"
        ? query.where((eb) => eb.not(eb.exists(updates)))
        : query.where((eb) =>
            eb.exists(updates.where(unindexed<HostUpdateState>(db, "sensorUpdate.state"), "=", state)),
          );
  }
  if (ring) query = ofRing(db, query, ring);
  if (q) query = query.where(contains(sql<string>`sensor.hostname_key`, q));
  return query;
}

function ofRing(db: Database, query: AnyQuery, { id, isLast }: { id: string; isLast: boolean }): AnyQuery {
  const inRing = db
    .selectFrom("asset")
    .innerJoin("assetGroup", isLiveGroup)
    .innerJoin("updateRingGroup", "updateRingGroup.assetGroupId", "assetGroup.id")
    .select("asset.id")
    .whereRef("asset.id", "=", "sensor.assetId" as never);
  return isLast
    ? query.where((eb) => eb.not(eb.exists(inRing)))
    : query.where((eb) => eb.exists(inRing.where(unindexed<string>(db, "updateRingGroup.ringId"), "=", id)));
}
