// A sensor announces its next key.
import { createPublicKey, verify } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import { keyProofBase } from "@attacklens/protocol/signature.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction, withSecondTry } from "../../db/transaction.ts";
import { readKnownKeys } from "../record/known-keys.ts";
import { type KnownKey, replaceNextKey } from "../record/known-keys-store.ts";
import { lockSender, type Sender } from "../record/lock-sender.ts";

/**
 * Stores the announcement of the sensor's next key. Another announcement replaces it. Throws
 * signature-invalid, key-taken, and the problems of `lockSender`.
 */
export async function announceKey(
  db: Database,
  sender: Sender,
  { publicKey, proof }: { publicKey: string; proof: string },
): Promise<void> {
  const sensorId = sender.id;
  requireProof(sensorId, publicKey, proof);
  const announce = async (tx: Database) => {
    await lockSender(tx, sender);
    const keys = await readKnownKeys(tx, [publicKey]);
    const isAnnounced = ({ state, ...key }: KnownKey) => state === "next" && key.sensorId === sensorId;
    if (!keys.admit(publicKey, "announcement", isAnnounced)) await replaceNextKey(tx, sensorId, publicKey);
  };
  await withSecondTry(() => inTransaction(db, announce));
}

/** Throws signature-invalid unless the proof was made with the announced key. */
export function requireProof(sensorId: string, publicKey: string, proof: string): void {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  const base = Buffer.from(keyProofBase(sensorId, publicKey));
  if (!verify(null, base, key, Buffer.from(proof, "base64url")))
    throw new Problem("signature-invalid", "The proof is refused: it was not made with the new key");
}
