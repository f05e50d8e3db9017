// Who sent a sensor's request: its signature against the key of its id, a nonce that was never seen, and which start of the program
// it comes from.

import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enrollCopy } from "@attacklens/protocol/enroll.ts";
import { goodbye } from "@attacklens/protocol/goodbye.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { BOOT_HEADER, SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import type { HttpRequest, SensorCaller } from "../route-handler.ts";
import { type RequestAt, sensorCopied, settleInstance } from "./boots.ts";
import { listReplacedKeys, promoteKey } from "./known-keys-store.ts";
import { findLastNonce, findPresence, type Presence } from "./presence-store.ts";
import { separate } from "./reinstalls.ts";
import {
  type ClaimedSignature,
  isSignatureInvalid,
  parseSignature,
  verifySignature,
} from "./sensor-signature.ts";
import { findSensorKey } from "./sensors-store.ts";

type SensorKey = NonNullable<Awaited<ReturnType<typeof findSensorKey>>>;

/**
 * Spends the request's nonce and records that the sensor was seen, before the request is carried out. A host that does not hold
 * the key, or may not, reaches no other route than the one that settles it.
 * Throws signature-missing, signature-invalid, sensor-unknown, clock-skewed, signature-replayed, sensor-blocked, sensor-copied,
 * key-replaced, sensor-awaiting-approval, state-conflict.
 */
export async function authenticateSensor(
  db: Database,
  presence: Presence,
  now: number,
  http: HttpRequest,
  checkInIntervalSeconds: number,
): Promise<SensorCaller> {
  const claimed = parseSignature(http.headers, SIGNED_COMPONENTS);
  const sensor = await findSensorKey(db, claimed.keyid);
  if (!sensor)
    throw new Problem(
      "sensor-unknown",
      "The sensor is not known here: it was deleted, or enrolled with another server",
    );
  const bootId = parseBootId(claimed, http.headers, sensor);
  const used = await verifyKey(db, sensor, claimed, http, now);
  if (sensor.blockedAt !== null && http.path !== goodbye.path) {
    throw new Problem(
      "sensor-blocked",
      `The sensor is blocked here since ${toInstant(sensor.blockedAt)}; keep its key: it may be unblocked`,
    );
  }
  const isHolder = used !== "earlier" && (bootId === undefined || bootId === sensor.bootId);
  // What another host does is not what the sensor does.
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
    await inTransaction(db, (tx) => separate(tx, now, null, sensor.id));
  const caller: SensorCaller = {
    id: sensor.id,
    version: sensor.version,
    reportedAt: sensor.reportedAt,
    bootId,
    standing: isHolder ? "holder" : used === "earlier" ? "copy" : "open",
    hasNewcomers: sensor.hasNewcomers === 1,
    keyChangedAt: used === "next" ? now : sensor.keyChangedAt,
  };
  await refuseElsewhere(db, { now, address: http.address, checkInIntervalSeconds }, caller, http.path);
  if (sensor.awaitingApproval === 1 && http.path !== enrollCopy.path && http.path !== goodbye.path)
    throw new Problem(
      "sensor-awaiting-approval",
      "The sensor waits until a person approves it in the console",
    );
  return caller;
}

/** A sensor that has named its start once must do so: otherwise a copy could pass for one of version 1. */
function parseBootId(
  { components }: ClaimedSignature,
  headers: Headers,
  sensor: SensorKey,
): string | undefined {
  const bootId = headers.get(BOOT_HEADER) ?? undefined;
  if (bootId === undefined && sensor.bootId === null) return undefined;
  if (bootId === undefined || !components.includes(BOOT_HEADER))
    throw new Problem("signature-invalid", `The signature is refused: it does not cover ${BOOT_HEADER}`);
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(bootId))
    throw new Problem(
      "signature-invalid",
      `The signature is refused: ${BOOT_HEADER} must be a UUID in lower case`,
    );
  return bootId;
}

/** The present key, or the announced one, which becomes the present one by this; who shows an earlier one holds a copy. */
async function verifyKey(
  db: Database,
  sensor: SensorKey,
  claimed: ClaimedSignature,
  http: HttpRequest,
  now: number,
): Promise<"present" | "next" | "earlier"> {
  try {
    verifySignature(claimed, http, sensor.publicKey, now);
    return "present";
  } catch (error) {
    if (!isSignatureInvalid(error)) throw error;
    const isFrom = (publicKey: string) => {
      try {
        verifySignature(claimed, http, publicKey, now);
        return true;
      } catch (other) {
        if (isSignatureInvalid(other)) return false;
        throw other;
      }
    };
    if (sensor.nextPublicKey !== null && isFrom(sensor.nextPublicKey)) {
      const keys = { from: sensor.publicKey, to: sensor.nextPublicKey, at: now };
      await inTransaction(db, (tx) => promoteKey(tx, sensor.id, keys));
      return "next";
    }
    const earlier = (await listReplacedKeys(db, sensor.id)).find(({ publicKey }) => isFrom(publicKey));
    if (!earlier) throw error;
    if (earlier.state === "rotated") return "earlier";
    throw new Problem(
      "key-replaced",
      `The sensor was enrolled again at ${toInstant(earlier.replacedAt ?? 0)} with another key; this one is refused`,
    );
  }
}

/** Where a host that has not checked in may go: each of these settles who holds the key. */
const OPEN_PATHS: readonly string[] = [checkIn.path, enrollCopy.path, goodbye.path];

async function refuseElsewhere(
  db: Database,
  at: RequestAt,
  caller: SensorCaller,
  path: string,
): Promise<void> {
  if (caller.standing === "copy" && path !== enrollCopy.path) throw sensorCopied();
  if (!OPEN_PATHS.includes(path)) await settleInstance(db, at, caller, { isCheckIn: false });
}
