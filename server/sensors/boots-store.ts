// Starts of the program with a sensor's key, in SQL.
import type { Database, SensorBootTable } from "../db/schema.ts";

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
  if (bootIds.length === 0) return;
  await tx
    .updateTable("sensorBoot")
    .set(columns)
    .where("sensorId", "=", sensorId)
    .where("bootId", "in", bootIds)
    .execute();
}

export async function deleteBoots(tx: Database, sensorId: string, bootIds: readonly string[]): Promise<void> {
  if (bootIds.length === 0) return;
  await tx.deleteFrom("sensorBoot").where("sensorId", "=", sensorId).where("bootId", "in", bootIds).execute();
}

/** The latest of the hosts that held the sensor's key too, with what they became. */
export async function listCopies(db: Database, sensorId: string, limit: number) {
  return await db
    .selectFrom("sensorBoot")
    .leftJoin("sensor as copy", (join) =>
      join.onRef("copy.id", "=", "sensorBoot.copySensorId").on("copy.deletedAt", "is", null),
    )
    .select([
      "sensorBoot.host",
      "sensorBoot.address",
      "sensorBoot.firstSeenAt",
      "copy.id as copyId",
      "copy.hostname as copyHostname",
    ])
    .where("sensorBoot.sensorId", "=", sensorId)
    .where("sensorBoot.state", "=", "copy")
    .orderBy("sensorBoot.firstSeenAt", "desc")
    .limit(limit)
    .execute();
}
