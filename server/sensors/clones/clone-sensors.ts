// Clones that become separate sensors: checks that the caller is a clone, and updates and shows the
// original's record.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import type { SensorCaller } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import { toInstant } from "../../ids.ts";
import { differences } from "./clone-rules.ts";
import {
  countClones,
  listClones,
  listInstances,
  listUnsettledClones,
  updateInstances,
} from "./clones-store.ts";
import { parseHost } from "./instance-host.ts";
import { remember } from "./settling.ts";

/**
 * Returns the number of clones of the original, including their clones, and how many of them await approval.
 * Throws state-conflict for a caller that is not a clone.
 */
export async function requireClone(
  tx: Database,
  { id, instanceId, standing }: Pick<SensorCaller, "id" | "instanceId" | "standing">,
): Promise<{ clones: number; waiting: number }> {
  const instances = await listInstances(tx, id);
  const isMarked = instances.some((one) => one.instanceId === instanceId && one.state === "clone");
  if (standing !== "clone" && !isMarked)
    throw new Problem("state-conflict", "Cannot enroll clone: no other host is known to hold this key");
  return await countClones(tx, id);
}

/** Records in the original's instances that the caller's instance is now a separate sensor. */
export async function recordCloneSensor(
  tx: Database,
  { id, instanceId }: Pick<SensorCaller, "id" | "instanceId">,
  { sensorId, host, at, address }: { sensorId: string; host: HostFacts; at: number; address: string },
  checkInIntervalSeconds: number,
): Promise<void> {
  const instances = await listInstances(tx, id);
  if (instances.some((one) => one.instanceId === instanceId))
    return await updateInstances(tx, id, [instanceId], { cloneSensorId: sensorId });
  // The clone has an earlier key of the sensor, and this is its first request.
  const clone = {
    sensorId: id,
    instanceId,
    state: "clone" as const,
    host: JSON.stringify(host),
    address,
    firstSeenAt: at,
    returnedAt: null,
    returns: 0,
    cloneSensorId: sensorId,
  };
  await remember(tx, instances, clone, { now: at, checkInIntervalSeconds });
}

const SHOWN_CLONES = 100;

/** Lists the hosts that also have or had the sensor's key, the latest first, for the sensor's page. */
export async function presentClones(db: Database, sensor: Pick<Sensor, "id">, enrolledHost: string) {
  const original = parseHost(enrolledHost);
  const clones = await listClones(db, sensor.id, SHOWN_CLONES);
  const others = await listUnsettledClones(db, sensor.id, SHOWN_CLONES);
  return [...clones, ...others.map((other) => ({ ...other, id: null, hostname: "" }))]
    .sort((left, right) => right.firstSeenAt - left.firstSeenAt)
    .slice(0, SHOWN_CLONES)
    .map(({ id, hostname, ...row }) => {
      const host = parseHost(row.host);
      return {
        hostname: host.hostname ?? "",
        address: row.address,
        firstSeenAt: toInstant(row.firstSeenAt),
        differs: differences(host, original),
        sensor: id === null ? null : { id, name: hostname },
      };
    });
}
