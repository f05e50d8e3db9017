// The update of each sensor in SQL: reads and writes of one host, and bounded counts of a ring.
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { lockRows } from "../db/dialect.ts";
import { countUpTo } from "../db/keyset.ts";
import { isLiveGroup } from "../db/live-group.ts";
import type { Database } from "../db/schema.ts";
import type { SensorUpdateTable, UpdateRunTable } from "../db/schema-updates.ts";
import { type Place, statement } from "../db/statement.ts";

const hosts = (db: Database) =>
  db
    .selectFrom("sensor")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", isLiveGroup)
    .leftJoin("sensorUpdate", "sensorUpdate.sensorId", "sensor.id")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.version as sensorVersion",
      "sensor.standing",
      "assetGroup.id as assetGroupId",
      "assetGroup.name as assetGroupName",
      "sensorUpdate.sensorId",
      "sensorUpdate.method",
      "sensorUpdate.target",
      "sensorUpdate.version",
      "sensorUpdate.attempt",
      "sensorUpdate.state",
      "sensorUpdate.reason",
      "sensorUpdate.since",
      "sensorUpdate.ringId",
      "sensorUpdate.isCanary",
      "sensorUpdate.offeredAt",
    ]);

type JoinedHost = Awaited<ReturnType<ReturnType<typeof hosts>["executeTakeFirstOrThrow"]>>;

export interface HostRow {
  id: string;
  hostname: string;
  version: string;
  standing: JoinedHost["standing"];
  assetGroup: { id: string; name: string } | null;
  /** Null: it has not reported how it is updated. */
  update: SensorUpdateTable | null;
}

function hostOf(row: JoinedHost): HostRow {
  const { id, hostname, sensorVersion, standing, assetGroupId, assetGroupName, sensorId, ...update } = row;
  return {
    ...{ id, hostname, standing, version: sensorVersion },
    assetGroup: assetGroupId === null ? null : { id: assetGroupId, name: assetGroupName ?? "" },
    // The columns of a joined row are null together.
    update: sensorId === null ? null : ({ sensorId, ...update } as SensorUpdateTable),
  };
}

export async function findHost(db: Database, id: string): Promise<HostRow | undefined> {
  const row = await hosts(db)
    .where("sensor.id", "=", id)
    .where("sensor.deletedAt", "is", null)
    .executeTakeFirst();
  return row && hostOf(row);
}

const offerHost = statement((db, place: Place<{ id: string }>) =>
  db
    .selectFrom("sensor")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .leftJoin("assetGroup", isLiveGroup)
    .leftJoin("sensorUpdate", "sensorUpdate.sensorId", "sensor.id")
    .select("assetGroup.id as assetGroupId")
    .selectAll("sensorUpdate")
    .where("sensor.id", "=", place("id"))
    .compile(),
);

/** The same for a check-in, without what only users see. */
export async function findOfferHost(db: Database, id: string) {
  const [row] = await offerHost(db, { id });
  if (!row) return undefined;
  const { assetGroupId, ...update } = row;
  return { assetGroupId, update: update.sensorId === null ? null : (update as SensorUpdateTable) };
}

export async function listHosts(db: Database, ids: readonly string[]): Promise<HostRow[]> {
  const rows = await forSomeValues(ids, (some) => hosts(db).where("sensor.id", "in", some).execute());
  return rows.map(hostOf);
}

/** Locks the row until the transaction ends. */
export async function lockHostUpdate(tx: Database, sensorId: string): Promise<SensorUpdateTable | undefined> {
  const query = tx.selectFrom("sensorUpdate").selectAll().where("sensorId", "=", sensorId);
  return await lockRows(tx, query).executeTakeFirst();
}

export async function upsertHostUpdate(tx: Database, row: SensorUpdateTable): Promise<void> {
  const { sensorId: _, ...columns } = row;
  await tx
    .insertInto("sensorUpdate")
    .values(row)
    .onConflict((conflict) => conflict.column("sensorId").doUpdateSet(columns))
    .execute();
}

/** Failures of a ring's run in its present attempt, by distinct hosts, up to `most`. */
export async function countFailures(
  db: Database,
  { ringId, version, attempt }: Pick<UpdateRunTable, "ringId" | "version" | "attempt">,
  most: number,
): Promise<number> {
  const query = db
    .selectFrom("sensorUpdate")
    .where("ringId", "=", ringId)
    .where("version", "=", version)
    .where("state", "in", ["failed", "rolled-back"])
    .where("attempt", ">=", attempt);
  return await countUpTo(db, query, most);
}

/**
 * Canaries of a run, up to `most`: those that are done, and those that were offered the release after
 * `expectedSince` and may still succeed.
 */
export async function countCanaries(
  db: Database,
  { ringId, version, attempt }: Pick<UpdateRunTable, "ringId" | "version" | "attempt">,
  expectedSince: number,
  most: number,
): Promise<{ done: number; expected: number }> {
  const canaries = db
    .selectFrom("sensorUpdate")
    .where("ringId", "=", ringId)
    .where("version", "=", version)
    // Not a parameter, so that the index of canaries fits.
    .where(sql<boolean>`is_canary = 1`);
  const done = await countUpTo(db, canaries.where("state", "=", "done"), most);
  const expected = canaries
    .where("state", "in", ["offered", "downloading", "verified", "trial"])
    .where("attempt", ">=", attempt)
    .where("offeredAt", ">", expectedSince);
  return { done, expected: await countUpTo(db, expected, most) };
}

/** Whether a host was offered the release and is not done. */
export async function isInProgress(
  db: Database,
  { ringId, version }: Pick<UpdateRunTable, "ringId" | "version">,
): Promise<boolean> {
  const query = db
    .selectFrom("sensorUpdate")
    .where("ringId", "=", ringId)
    .where("version", "=", version)
    .where("state", "in", ["offered", "downloading", "verified", "trial", "failed"]);
  return (await countUpTo(db, query, 1)) > 0;
}

/** The highest attempt of a host of the ring with this version, or 0. */
export async function highestAttempt(db: Database, ringId: string, version: string): Promise<number> {
  const row = await db
    .selectFrom("sensorUpdate")
    .select((eb) => eb.fn.max("attempt").as("attempt"))
    .where("ringId", "=", ringId)
    .where("version", "=", version)
    .executeTakeFirst();
  return Number(row?.attempt ?? 0);
}
