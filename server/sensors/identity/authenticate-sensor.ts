// Authenticates a sensor's request before its body is read: the signature with the sensor's key, a new nonce,
// and the instance of the sensor process.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route, SensorStanding } from "@attacklens/protocol/route.ts";
import { INSTANCE_HEADER, SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import type { HttpRequest, SensorCaller } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { toInstant } from "../../ids.ts";
import { sensorCloned, settleInstance } from "../clones/clones.ts";
import { unmerge } from "../matches/merges.ts";
import { listReplacedKeys, promoteKey } from "../record/known-keys-store.ts";
import { findLastNonce, findPresence, type Presence } from "../record/presence-store.ts";
import { findSensorKey } from "../record/sensors-store.ts";
import type { OwnAuthorities } from "./own-authorities.ts";
import type { SensorBudget } from "./sensor-budget.ts";
import {
  type ClaimedSignature,
  type ContentDigest,
  isSignatureInvalid,
  parseSignature,
  requireFresh,
  verifySignature,
} from "./sensor-signature.ts";

type SensorKey = NonNullable<Awaited<ReturnType<typeof findSensorKey>>>;

/** The parts of the server that authentication uses. */
export interface SensorDoor {
  db: Database;
  presence: Presence;
  sensorBudget: SensorBudget;
  authorities: OwnAuthorities;
  checkInIntervalSeconds: number;
}

/**
 * Spends the request's nonce and records that the sensor was seen, before the request is processed. Refuses a
 * sensor whose standing the route does not accept. `bytes`: the size that counts for the body. Throws
 * signature-missing, signature-invalid, sensor-unknown, clock-skewed, signature-replayed, sensor-blocked,
 * sensor-cloned, key-replaced, sensor-awaiting-approval, state-conflict, too-many-requests.
 */
export async function authenticateSensor(
  { db, presence, sensorBudget, authorities, checkInIntervalSeconds }: SensorDoor,
  now: number,
  route: Route,
  http: HttpRequest,
  bytes: number,
): Promise<{ sensor: SensorCaller; digests: ContentDigest[] }> {
  const accepts = (standing: SensorStanding) => route.accepts?.includes(standing) ?? false;
  const claimed = parseSignature(http.headers, SIGNED_COMPONENTS);
  const sensor = await findSensorKey(db, claimed.keyid);
  if (!sensor)
    throw new Problem(
      "sensor-unknown",
      "The sensor is not known here: it was deleted, or enrolled with another server",
    );
  const instanceId = parseInstanceId(http.headers);
  const used = await verifyKey(db, sensor, claimed, http, now, authorities);
  if (sensor.blockedAt !== null && !accepts("blocked")) {
    throw new Problem(
      "sensor-blocked",
      `The sensor is blocked here since ${toInstant(sensor.blockedAt)}; keep its key: it may be unblocked`,
    );
  }
  // Checks the hourly limit here, without a write. It counts the request after the nonce is spent, so that a
  // replay does not use up the limit.
  sensorBudget.require(sensor.id, route.isUpload ? "upload" : "request", bytes);
  const isHolder = used !== "earlier" && instanceId === sensor.instanceId;
  // Another host's requests must not count as the sensor's.
  const seen = isHolder
    ? { lastSeenAt: now, address: http.address }
    : ((await findPresence(db, sensor.id)) ?? { lastSeenAt: now, address: http.address });
  const accepted = await presence.accept({ sensorId: sensor.id, lastNonce: claimed.nonce, ...seen });
  if (!accepted) {
    const lastNonce = await findLastNonce(db, sensor.id);
    throw new Problem("signature-replayed", `The nonce must be above ${lastNonce}`, {
      extras: { lastNonce },
    });
  }
  if (sensor.replacedAt !== null && used !== "earlier" && sensor.blockedAt === null)
    await inTransaction(db, (tx) => unmerge(tx, now, null, sensor.id));
  const caller: SensorCaller = {
    id: sensor.id,
    version: sensor.version,
    reportedAt: sensor.reportedAt,
    instanceId,
    standing: isHolder ? "holder" : used === "earlier" ? "clone" : "open",
    hasNewcomers: sensor.hasNewcomers === 1,
    keyChangedAt: used === "next" ? now : sensor.keyChangedAt,
  };
  if (caller.standing === "clone" && !accepts("clone")) throw sensorCloned();
  if (!accepts("unsettled")) {
    const at = { now, address: http.address, checkInIntervalSeconds };
    await settleInstance(db, at, caller, { isCheckIn: false });
  }
  if (sensor.awaitingApproval === 1 && !accepts("awaiting-approval"))
    throw new Problem(
      "sensor-awaiting-approval",
      "The sensor waits until an operator approves it in the console",
    );
  return { sensor: caller, digests: claimed.digests };
}

function parseInstanceId(headers: Headers): string {
  const instanceId = headers.get(INSTANCE_HEADER) ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(instanceId))
    throw new Problem(
      "signature-invalid",
      `The signature is refused: ${INSTANCE_HEADER} must be a UUID in lower case`,
    );
  return instanceId;
}

/**
 * Verifies the signature with the present key, or with the announced key, which then becomes the present one.
 * An earlier key means that the sender is a clone.
 */
async function verifyKey(
  db: Database,
  sensor: SensorKey,
  claimed: ClaimedSignature,
  http: HttpRequest,
  now: number,
  authorities: OwnAuthorities,
): Promise<"present" | "next" | "earlier"> {
  try {
    verifySignature(claimed, http, sensor.publicKey, authorities);
  } catch (error) {
    if (!isSignatureInvalid(error)) throw error;
    return await verifyOtherKey(error);
  }
  requireFresh(claimed, now);
  return "present";

  async function verifyOtherKey(refusal: unknown): Promise<"next" | "earlier"> {
    const isFrom = (publicKey: string) => {
      try {
        verifySignature(claimed, http, publicKey, authorities);
        return true;
      } catch (error) {
        if (isSignatureInvalid(error)) return false;
        throw error;
      }
    };
    if (sensor.nextPublicKey !== null && isFrom(sensor.nextPublicKey)) {
      requireFresh(claimed, now);
      const keys = { from: sensor.publicKey, to: sensor.nextPublicKey, at: now };
      await inTransaction(db, (tx) => promoteKey(tx, sensor.id, keys));
      return "next";
    }
    const earlier = (await listReplacedKeys(db, sensor.id)).find(({ publicKey }) => isFrom(publicKey));
    if (!earlier) throw refusal;
    requireFresh(claimed, now);
    if (earlier.state === "rotated") return "earlier";
    throw new Problem(
      "key-replaced",
      `The sensor was enrolled again at ${toInstant(earlier.replacedAt ?? 0)} with another key; this one is refused`,
    );
  }
}
