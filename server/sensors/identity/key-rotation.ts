// A sensor announces its next key.
import { createPublicKey, verify } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import { keyProofBase } from "@attacklens/protocol/signature.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { withSecondTry } from "../../enrollment/enroll-batch.ts";
import { lockLiveSensor } from "../record/live-sensor.ts";
import { admitKey } from "./known-keys.ts";
import { type KnownKey, listKnownKeys, replaceNextKey } from "./known-keys-store.ts";

/** Takes the announcement of the sensor's next key; announcing another one replaces it. Throws signature-invalid, sensor-unknown, key-taken. */
export async function announceKey(
  db: Database,
  sensorId: string,
  { publicKey, proof }: { publicKey: string; proof: string },
): Promise<void> {
  requireProof(sensorId, publicKey, proof);
  const announce = async (tx: Database) => {
    await lockLiveSensor(tx, sensorId);
    const [known] = await listKnownKeys(tx, [publicKey]);
    const isAnnounced = ({ state, ...key }: KnownKey) => state === "next" && key.sensorId === sensorId;
    if (!admitKey(known, "announcement", isAnnounced)) await replaceNextKey(tx, sensorId, publicKey);
  };
  await withSecondTry(() => inTransaction(db, announce));
}

/** Throws signature-invalid unless who announces the key has it. */
export function requireProof(sensorId: string, publicKey: string, proof: string): void {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  const base = Buffer.from(keyProofBase(sensorId, publicKey));
  if (!verify(null, base, key, Buffer.from(proof, "base64url")))
    throw new Problem("signature-invalid", "The proof is refused: it was not made with the new key");
}
