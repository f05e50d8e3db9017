// The hostname that a sensor was admitted with, beside the one that its host has now: a token's patterns judge the first, and a
// host may be renamed at any time.
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import { z } from "zod";
import { recordAuditEvent } from "../audit/audit.ts";
import type { Database, SensorTable } from "../db/schema.ts";
import { findAllowedHostnames } from "../enrollment-tokens/enrollment-tokens-store.ts";
import { admitsHostname } from "../enrollment-tokens/token-limits.ts";
import { nameKey } from "../ids.ts";

const patterns = z.array(z.string());

interface Hostnames {
  hostname: string;
  admittedHostname: string;
  /** JSON of the patterns of the sensor's token. */
  allowedHostnames: string;
}

/** False for a renamed host whose present name the token does not admit. What an operator admitted is allowed. */
export function isHostnameAllowed({ hostname, admittedHostname, allowedHostnames }: Hostnames): boolean {
  if (nameKey(hostname) === nameKey(admittedHostname)) return true;
  return admitsHostname(patterns.parse(JSON.parse(allowedHostnames)), hostname);
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
  const allowedHostnames = await findAllowedHostnames(tx, sensor.enrollmentTokenId);
  const details: Record<string, Json> = {
    ...{ before: sensor.hostname, hostname, admittedHostname },
    allowed: isHostnameAllowed({ hostname, admittedHostname, allowedHostnames }),
  };
  await recordAuditEvent(tx, {
    at,
    actor: { type: "system", id, name: sensor.hostname },
    action: "sensor.hostname-changed",
    entity: { type: "sensor", id },
    details,
  });
}
