// Verifies a signature by Ed25519 with the keys that a sensor has or had.
import type { HttpRequest } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { listReplacedKeys, promoteKey } from "../record/known-keys-store.ts";
import { keyReplaced } from "../record/lock-sender.ts";
import type { SensorState } from "../record/sensors-store.ts";
import type { OwnAuthorities } from "./own-authorities.ts";
import {
  type ClaimedSignature,
  isSignatureInvalid,
  requireFresh,
  verifySignature,
} from "./sensor-signature.ts";
import type { VerifyEd25519 } from "./verify-ed25519.ts";

interface KeyDoor {
  db: Database;
  authorities: OwnAuthorities;
  verifyEd25519: VerifyEd25519;
}

/**
 * Verifies the signature with the present key. A signature by the announced key makes it the present one,
 * which changes the sensor. An earlier key means that the sender is a clone.
 */
export async function verifyKey(
  { db, authorities, verifyEd25519 }: KeyDoor,
  sensor: SensorState,
  claimed: ClaimedSignature,
  http: HttpRequest,
  now: number,
): Promise<"present" | "promoted" | "earlier"> {
  try {
    await verifySignature(claimed, http, sensor.publicKey, authorities, verifyEd25519);
  } catch (error) {
    if (!isSignatureInvalid(error)) throw error;
    return await verifyOtherKey(error);
  }
  requireFresh(claimed, now);
  return "present";

  async function verifyOtherKey(refusal: unknown): Promise<"promoted" | "earlier"> {
    const findEarlier = async <K extends { publicKey: string }>(keys: readonly K[]) => {
      for (const key of keys) if (await isFrom(key.publicKey)) return key;
      return undefined;
    };
    const isFrom = async (publicKey: string) => {
      try {
        await verifySignature(claimed, http, publicKey, authorities, verifyEd25519);
        return true;
      } catch (error) {
        if (isSignatureInvalid(error)) return false;
        throw error;
      }
    };
    if (sensor.nextPublicKey !== null && (await isFrom(sensor.nextPublicKey))) {
      requireFresh(claimed, now);
      const keys = { from: sensor.publicKey, to: sensor.nextPublicKey, at: now };
      await inTransaction(db, (tx) => promoteKey(tx, sensor.id, keys));
      return "promoted";
    }
    const earlier = await findEarlier(await listReplacedKeys(db, sensor.id));
    if (!earlier) throw refusal;
    requireFresh(claimed, now);
    if (earlier.state === "rotated") return "earlier";
    throw keyReplaced(earlier.replacedAt);
  }
}
