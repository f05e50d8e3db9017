// Who sent a sensor's request: its signature against the key of its id, and a nonce that was never seen.
import { Problem } from "@attacklens/protocol/problems.ts";
import { SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import type { HttpRequest, SensorCaller } from "../route-handler.ts";
import { findLastNonce, type Presence } from "./presence-store.ts";
import { parseSignature, verifySignature } from "./sensor-signature.ts";
import { findSensorKey } from "./sensors-store.ts";

/**
 * Spends the request's nonce and records that the sensor was seen, before the request is carried out.
 * Throws signature-missing, signature-invalid, sensor-unknown, clock-skewed, signature-replayed.
 */
export async function authenticateSensor(
  db: Database,
  presence: Presence,
  now: number,
  http: HttpRequest,
): Promise<SensorCaller> {
  const claimed = parseSignature(http.headers, SIGNED_COMPONENTS);
  const sensor = await findSensorKey(db, claimed.keyid);
  if (!sensor)
    throw new Problem(
      "sensor-unknown",
      "The sensor is not known here: it was deleted, or enrolled with another server",
    );
  verifySignature(claimed, http, sensor.publicKey, now);
  if (sensor.blockedAt !== null) {
    throw new Problem(
      "sensor-blocked",
      `The sensor is blocked here since ${toInstant(sensor.blockedAt)}; keep its key: it may be unblocked`,
    );
  }
  const accepted = await presence.accept({
    sensorId: sensor.id,
    lastSeenAt: now,
    lastNonce: claimed.nonce,
    address: http.address,
  });
  if (!accepted) {
    const lastNonce = await findLastNonce(db, sensor.id);
    throw new Problem("signature-replayed", `The nonce must be above ${lastNonce}`, {
      extras: { lastNonce },
    });
  }
  if (sensor.awaitingApproval === 1)
    throw new Problem(
      "sensor-awaiting-approval",
      "The sensor waits until a person approves it in the console",
    );
  return { id: sensor.id, version: sensor.version, reportedAt: sensor.reportedAt };
}
