// The hostname that a sensor was admitted with, beside the one that its host has now: a token's patterns judge the first, and a
// host may be renamed at any time.
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { Database, SensorTable } from "../db/schema.ts";
import { allowsHostname, tokenAllowsHostname } from "../enrollment-tokens/token-admission.ts";
import { nameKey } from "../ids.ts";

interface Hostnames {
  hostname: string;
  admittedHostname: string;
  /** JSON of the patterns of the sensor's token. */
  allowedHostnames: string;
}

/** False for a renamed host whose present name the token does not admit. What an operator admitted is allowed. */
export function isHostnameAllowed({ hostname, admittedHostname, allowedHostnames }: Hostnames): boolean {
  return nameKey(hostname) === nameKey(admittedHostname) || allowsHostname(allowedHostnames, hostname);
}

/** Writes the audit event of a host's new name, in the transaction that stores it. Upper and lower case make no other name. */
export async function recordRename(
  tx: Database,
  at: number,
  sensor: Pick<SensorTable, "id" | "hostname" | "admittedHostname" | "enrollmentTokenId">,
  hostname: string,
): Promise<void> {
  if (nameKey(hostname) === nameKey(sensor.hostname)) return;
  const { id, admittedHostname } = sensor;
  const isFirstName = nameKey(hostname) === nameKey(admittedHostname);
  const details: Record<string, Json> = {
    ...{ before: sensor.hostname, hostname, admittedHostname },
    allowed: isFirstName || (await tokenAllowsHostname(tx, sensor.enrollmentTokenId, hostname)),
  };
  await recordAuditEvent(tx, {
    at,
    actor: { type: "system", id, name: sensor.hostname },
    action: "sensor.hostname-changed",
    entity: { type: "sensor", id },
    details,
  });
}
