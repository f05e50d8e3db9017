// Starts of the program with a sensor's key, in SQL.
import { forSomeValues } from "../../db/batches.ts";
import type { Database, SensorBootTable } from "../../db/schema.ts";

export async function listBoots(tx: Database, sensorId: string): Promise<SensorBootTable[]> {
  return await tx
    .selectFrom("sensorBoot")
    .selectAll()
    .where("sensorId", "=", sensorId)
    .orderBy("firstSeenAt")
    .execute();
}

export async function upsertBoot(tx: Database, boot: SensorBootTable): Promise<void> {
  const { sensorId, bootId, ...columns } = boot;
  await tx
    .insertInto("sensorBoot")
    .values(boot)
    .onConflict((conflict) => conflict.columns(["sensorId", "bootId"]).doUpdateSet(columns))
    .execute();
}

export async function updateBoots(
  tx: Database,
  sensorId: string,
  bootIds: readonly string[],
  columns: Partial<Pick<SensorBootTable, "state" | "returnedAt" | "returns" | "copySensorId">>,
): Promise<void> {
  await forSomeValues(bootIds, (some) =>
    tx
      .updateTable("sensorBoot")
      .set(columns)
      .where("sensorId", "=", sensorId)
      .where("bootId", "in", some)
      .execute(),
  );
}

export async function deleteBoots(tx: Database, sensorId: string, bootIds: readonly string[]): Promise<void> {
  await forSomeValues(bootIds, (some) =>
    tx.deleteFrom("sensorBoot").where("sensorId", "=", sensorId).where("bootId", "in", some).execute(),
  );
}

/** The latest of the hosts that hold the sensor's key too and have not become a sensor. */
export async function listUnsettledClones(db: Database, sensorId: string, limit: number) {
  return await db
    .selectFrom("sensorBoot")
    .select(["host", "address", "firstSeenAt"])
    .where("sensorId", "=", sensorId)
    .where("state", "=", "copy")
    .where("copySensorId", "is", null)
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
    .where("sensor.copiedFrom", "=", sensorId)
    .where("sensor.deletedAt", "is", null)
    .orderBy("sensor.enrolledAt", "desc")
    .limit(limit)
    .execute();
}
