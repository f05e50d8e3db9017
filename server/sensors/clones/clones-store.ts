// Starts of the program with a sensor's key, in SQL.
import { forSomeValues } from "../../db/batches.ts";
import type { Database, SensorInstanceTable } from "../../db/schema.ts";

export async function listInstances(tx: Database, sensorId: string): Promise<SensorInstanceTable[]> {
  return await tx
    .selectFrom("sensorInstance")
    .selectAll()
    .where("sensorId", "=", sensorId)
    .orderBy("firstSeenAt")
    .execute();
}

export async function upsertInstance(tx: Database, instance: SensorInstanceTable): Promise<void> {
  const { sensorId, instanceId, ...columns } = instance;
  await tx
    .insertInto("sensorInstance")
    .values(instance)
    .onConflict((conflict) => conflict.columns(["sensorId", "instanceId"]).doUpdateSet(columns))
    .execute();
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

/** The latest of the hosts that hold the sensor's key too and have not become a sensor. */
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

/** The latest clones of a sensor. */
export async function listClones(db: Database, sensorId: string, limit: number) {
  return await db
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
}
