// Instances of the sensor process and clones, in SQL.
import { sql } from "kysely";
import { forSomeValues } from "../../db/batches.ts";
import type { Database, SensorInstanceTable } from "../../db/schema.ts";
import { readByIndex } from "../../db/snapshot.ts";
import { type Place, statement } from "../../db/statement.ts";
import { addressOfKey } from "../../networks.ts";

const instancesOf = statement((db, place: Place<{ sensorId: string }>) =>
  db
    .selectFrom("sensorInstance")
    .selectAll()
    .where("sensorId", "=", place("sensorId"))
    .orderBy("firstSeenAt")
    .compile(),
);

export async function listInstances(tx: Database, sensorId: string): Promise<SensorInstanceTable[]> {
  return await instancesOf(tx, { sensorId });
}

const upsert = statement((db, place: Place<SensorInstanceTable>) => {
  const columns = {
    state: place("state"),
    host: place("host"),
    address: place("address"),
    firstSeenAt: place("firstSeenAt"),
    returnedAt: place("returnedAt"),
    returns: place("returns"),
    cloneSensorId: place("cloneSensorId"),
  };
  return db
    .insertInto("sensorInstance")
    .values({ sensorId: place("sensorId"), instanceId: place("instanceId"), ...columns })
    .onConflict((conflict) => conflict.columns(["sensorId", "instanceId"]).doUpdateSet(columns))
    .compile();
});

export async function upsertInstance(tx: Database, instance: SensorInstanceTable): Promise<void> {
  await upsert(tx, instance);
}

export async function updateInstances(
  tx: Database,
  sensorId: string,
  instanceIds: readonly string[],
  columns: Partial<Pick<SensorInstanceTable, "state" | "returnedAt" | "returns" | "cloneSensorId">>,
): Promise<void> {
  await forSomeValues(instanceIds, (some) =>
    tx
      .updateTable("sensorInstance")
      .set(columns)
      .where("sensorId", "=", sensorId)
      .where("instanceId", "in", some)
      .execute(),
  );
}

export async function deleteInstances(
  tx: Database,
  sensorId: string,
  instanceIds: readonly string[],
): Promise<void> {
  await forSomeValues(instanceIds, (some) =>
    tx
      .deleteFrom("sensorInstance")
      .where("sensorId", "=", sensorId)
      .where("instanceId", "in", some)
      .execute(),
  );
}

/** Lists the latest hosts that also have the sensor's key and have not become a separate sensor. */
export async function listUnsettledClones(db: Database, sensorId: string, limit: number) {
  return await db
    .selectFrom("sensorInstance")
    .select(["host", "address", "firstSeenAt"])
    .where("sensorId", "=", sensorId)
    .where("state", "=", "clone")
    .where("cloneSensorId", "is", null)
    .orderBy("firstSeenAt", "desc")
    .limit(limit)
    .execute();
}

/** Lists the latest clones of a sensor. */
export async function listClones(db: Database, sensorId: string, limit: number) {
  const rows = await db
    .selectFrom("sensor")
    .innerJoin("sensorPresence", "sensorPresence.sensorId", "sensor.id")
    .select([
      "sensor.id",
      "sensor.hostname",
      "sensor.enrolledHost as host",
      "sensorPresence.address",
      "sensor.enrolledAt as firstSeenAt",
    ])
    .where("sensor.clonedFrom", "=", sensorId)
    .where("sensor.deletedAt", "is", null)
    .orderBy("sensor.enrolledAt", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, address: addressOfKey(row.address) }));
}

/**
 * Counts the clones of one enrolled sensor, including their clones, and those that await approval. Deleted
 * clones do not count.
 */
export async function countClones(tx: Database, id: string): Promise<{ clones: number; waiting: number }> {
  // Otherwise PostgreSQL would read the clones of all sensors.
  await readByIndex(tx);
  const { rows } = await sql<{ clones: unknown; waiting: unknown }>`
    with recursive ancestor (id, cloned_from) as (
      select id, cloned_from from sensor where id = ${id}
      union all
      select sensor.id, sensor.cloned_from from sensor join ancestor on sensor.id = ancestor.cloned_from
    ), family (id) as (
      select id from ancestor where cloned_from is null
      union all
      select sensor.id from sensor join family on sensor.cloned_from = family.id
    )
    select count(*) as clones, coalesce(sum(sensor.awaiting_approval), 0) as waiting
    from family join sensor on sensor.id = family.id
    where sensor.cloned_from is not null and sensor.deleted_at is null`.execute(tx);
  const [row] = rows;
  return { clones: Number(row?.clones ?? 0), waiting: Number(row?.waiting ?? 0) };
}
