// Unenrolls a sensor. Any live identity may unenroll, but a clone must not end the original's sensor.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { SensorCaller } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { isSameHost } from "./clones/clone-rules.ts";
import { sensorCloned } from "./clones/clones.ts";
import { listInstances } from "./clones/clones-store.ts";
import { parseHost } from "./clones/instance-host.ts";
import { lockSender, type Sender } from "./record/lock-sender.ts";
import { findLastAddress } from "./record/presence-store.ts";
import { updateSensor } from "./record/sensors-store.ts";

export interface Unenrolling {
  now: number;
  address: string;
  /** The reported facts of the host. */
  host: HostFacts | undefined;
}

/**
 * Refuses the sensor's key from now on. Its row and its reports stay. A sensor that awaits approval or is
 * blocked may unenroll too. Throws sensor-cloned, state-conflict for an instance that may run on another
 * host, and the problems of `lockSender`.
 */
export async function unenrollSensor(
  db: Database,
  sender: Sender & Pick<SensorCaller, "instanceId">,
  { now, address, host }: Unenrolling,
): Promise<void> {
  const { id, instanceId } = sender;
  await inTransaction(db, async (tx) => {
    const sensor = await lockSender(tx, sender);
    if (instanceId !== sensor.instanceId)
      await requireOwnHost(tx, { ...sensor, instanceId }, { address, host });
    await updateSensor(tx, id, { uninstalledAt: now });
    await recordAuditEvent(tx, {
      at: now,
      actor: { type: "sensor", id, name: sensor.hostname, address },
      action: "sensor.uninstalled",
      entity: { type: "sensor", id, name: sensor.hostname },
    });
  });
}

/** An instance that does not hold the key, such as the command `unenroll`, must run on the sensor's host. */
async function requireOwnHost(
  tx: Database,
  { id, instanceId, enrolledHost }: { id: string; instanceId: string; enrolledHost: string },
  { address, host = {} }: { address: string; host: Partial<HostFacts> | undefined },
): Promise<void> {
  const instances = await listInstances(tx, id);
  const known = instances.find((instance) => instance.instanceId === instanceId);
  if (known?.state === "clone") throw sensorCloned();
  const holder = instances.find(({ state }) => state === "holder");
  const before = parseHost(holder?.host ?? enrolledHost);
  const seenFrom = await findLastAddress(tx, id);
  // An instance that has checked in without getting the key runs beside another one.
  if (!known && isSameHost(host, before, address === seenFrom)) return;
  throw new Problem(
    "state-conflict",
    "Can't unenroll the sensor: another host may run with its key. Check in until the server has settled which host keeps the key",
  );
}
