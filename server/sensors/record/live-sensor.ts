// The sensor that a request came from, locked: it may have gone since its signature was verified.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Database } from "../../db/schema.ts";
import { lockSensor } from "./sensors-store.ts";

export type LockedSensor = NonNullable<Awaited<ReturnType<typeof lockSensor>>>;

/** Throws sensor-unknown. */
export async function lockLiveSensor(tx: Database, id: string): Promise<LockedSensor> {
  const sensor = await lockSensor(tx, id);
  if (sensor && sensor.uninstalledAt === null && sensor.removedAt === null) return sensor;
  throw new Problem("sensor-unknown", "The sensor is not known here: it was deleted, removed or unenrolled");
}
