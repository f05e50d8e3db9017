// The hostname of a sensor's admission, which the patterns of its token allowed, and its current hostname,
// because a host can be renamed at any time.
import { z } from "zod";
import { recordAuditEvent } from "../../audit/audit.ts";
import type { Database } from "../../db/schema.ts";
import type { SensorTable } from "../../db/schema-sensors.ts";
import { admitsHostname } from "../../hostname-patterns.ts";
import { nameKey } from "../../ids.ts";
import { findAllowedHostnames } from "./sensors-store.ts";

interface Hostnames {
  hostname: string;
  admittedHostname: string;
  /** JSON of the patterns of the sensor's token. */
  allowedHostnames: string;
}

/**
 * Returns false for a renamed host whose hostname the token does not allow. The admitted hostname is always
 * allowed.
 */
export function isHostnameAllowed({ hostname, admittedHostname, allowedHostnames }: Hostnames): boolean {
  return nameKey(hostname) === nameKey(admittedHostname) || admits(allowedHostnames, hostname);
}

/**
 * Records a host's new hostname in the audit log, in the transaction that stores it. Ignores a change of
 * case.
 */
export async function recordRename(
  tx: Database,
  at: number,
  sensor: Pick<SensorTable, "id" | "hostname" | "admittedHostname">,
  hostname: string,
): Promise<void> {
  if (nameKey(hostname) === nameKey(sensor.hostname)) return;
  const { id, admittedHostname } = sensor;
  const isFirstName = nameKey(hostname) === nameKey(admittedHostname);
  const details = {
    ...{ before: { hostname: sensor.hostname }, after: { hostname }, admittedHostname },
    allowed: isFirstName || admits(await findAllowedHostnames(tx, id), hostname),
  };
  await recordAuditEvent(tx, {
    at,
    actor: { type: "sensor", id, name: sensor.hostname },
    action: "sensor.hostname-changed",
    entity: { type: "sensor", id, name: hostname },
    details,
  });
}

const patterns = z.array(z.string());

function admits(allowedHostnames: string, hostname: string): boolean {
  return admitsHostname(patterns.parse(JSON.parse(allowedHostnames)), hostname);
}
