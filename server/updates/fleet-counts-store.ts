// Counts the hosts by everything that a ring's progress depends on, in SQL. Reads the fleet in slices by id.
import { sql } from "kysely";
import { unindexed } from "../db/dialect.ts";
import { isLiveGroup } from "../db/live-group.ts";
import type { Database } from "../db/schema.ts";
import type { SensorUpdateTable } from "../db/schema-updates.ts";
import { inSnapshot } from "../db/snapshot.ts";

/** Sensors in a slice. */
const SLICE = 5_000;
/** After every id. */
const END = "sen~";

/** Hosts that are alike. */
export interface HostGroup {
  version: string;
  assetGroupId: string | null;
  /** Null: they have not reported how they are updated. */
  method: SensorUpdateTable["method"] | null;
  build: string | null;
  updateVersion: string | null;
  attempt: number | null;
  state: SensorUpdateTable["state"] | null;
  /** 1: seen since the time of the question. */
  isActive: number;
  hosts: number;
}

/** `activeSince`: of `isActive`. Only enrolled sensors that are neither blocked nor waiting for approval. */
export async function* hostGroupSlices(db: Database, activeSince: number): AsyncGenerator<HostGroup[]> {
  let after = "";
  while (after !== END) {
    const from = after;
    const { groups, end } = await inSnapshot(db, async (tx) => {
      const end = await endOfSlice(tx, from);
      return { end, groups: await groupsBetween(tx, from, end, activeSince) };
    });
    yield groups;
    after = end;
  }
}

async function endOfSlice(tx: Database, after: string): Promise<string> {
  const row = await tx
    .selectFrom("sensor")
    .select("id")
    .where("id", ">", after)
    .orderBy("id")
    .offset(SLICE - 1)
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? END;
}

async function groupsBetween(
  tx: Database,
  after: string,
  end: string,
  activeSince: number,
): Promise<HostGroup[]> {
  const rows = await tx
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", isLiveGroup)
    .leftJoin("sensorUpdate", "sensorUpdate.sensorId", "sensor.id")
    .select((eb) => [
      "sensor.version",
      "assetGroup.id as assetGroupId",
      "sensorUpdate.method",
      "sensorUpdate.target as build",
      "sensorUpdate.version as updateVersion",
      "sensorUpdate.attempt",
      "sensorUpdate.state",
      sql<number>`case when sensor_presence.last_seen_at >= ${activeSince} then 1 else 0 end`.as("isActive"),
      eb.fn.countAll<number>().as("hosts"),
    ])
    .where("sensor.id", ">", after)
    .where("sensor.id", "<=", end)
    .where(unindexed<string>(tx, "sensor.standing"), "in", ["pending", "reporting"])
    .groupBy([
      "sensor.version",
      "assetGroup.id",
      "sensorUpdate.method",
      "sensorUpdate.target",
      "sensorUpdate.version",
      "sensorUpdate.attempt",
      "sensorUpdate.state",
      "isActive",
    ])
    .execute();
  return rows.map((row) => ({ ...row, hosts: Number(row.hosts), isActive: Number(row.isActive) }));
}
