// Lets a host continue an existing sensor with a new key and a re-enrollment ticket.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { replaceIdentifiers } from "../assets/assets.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { nameKey } from "../ids.ts";
import { forgetInstances } from "./clones/clones.ts";
import { parseHost } from "./clones/instance-host.ts";
import { recordRename } from "./record/admitted-hostnames.ts";
import { replaceKeyAtOnce } from "./record/known-keys-store.ts";
import type { LockedSensor } from "./record/locked-sensor.ts";
import { raiseNonce } from "./record/presence-store.ts";
import { updateSensor } from "./record/sensors-store.ts";

export interface TakeOver {
  at: number;
  address: string;
  publicKey: string;
  nonce: number;
  host: HostFacts;
  sensorVersion: string;
  ticketId: string;
}

/**
 * Runs in the caller's transaction. Throws a duplicate error if the key is known, or the asset has another
 * sensor.
 */
export async function takeOverSensor(
  tx: Database,
  sensor: LockedSensor,
  { at, address, publicKey, nonce, host, sensorVersion, ticketId }: TakeOver,
): Promise<void> {
  const { id } = sensor;
  await replaceKeyAtOnce(tx, id, { from: sensor.publicKey, to: publicKey, at });
  const { hostname, platform, osName, osVersion, architecture } = host;
  await recordRename(tx, at, sensor, hostname);
  await updateSensor(tx, id, {
    ...{ hostname, platform, osName, osVersion, architecture },
    hostnameKey: nameKey(hostname),
    version: sensorVersion,
    instanceId: null,
    hasNewcomers: 0,
    enrolledHost: JSON.stringify(host),
    uninstalledAt: null,
  });
  // The host may have other hardware, and may have been unenrolled.
  if (sensor.awaitingApproval === 0)
    await replaceIdentifiers(tx, sensor.assetId, parseHost(sensor.enrolledHost), host);
  await forgetInstances(tx, id);
  await raiseNonce(tx, id, nonce);
  await recordAuditEvent(tx, {
    at,
    actor: { type: "sensor", id, name: hostname, address },
    action: "sensor.re-enrolled",
    entity: { type: "sensor", id, name: hostname },
    details: { ticketId },
  });
}
