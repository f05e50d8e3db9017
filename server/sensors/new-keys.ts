// A sensor announces its next key.
import { createPublicKey, verify } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import { keyProofBase } from "@attacklens/protocol/signature.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { isKeyTaken } from "./sensor-keys-store.ts";
import { notFound } from "./sensors.ts";
import { lockSensor, updateSensor } from "./sensors-store.ts";

/** Takes the announcement of the sensor's next key; announcing another one replaces it. Throws signature-invalid, state-conflict. */
export async function announceKey(
  db: Database,
  sensorId: string,
  { publicKey, proof }: { publicKey: string; proof: string },
): Promise<void> {
  requireProof(sensorId, publicKey, proof);
  await inTransaction(db, async (tx) => {
    if (!(await lockSensor(tx, sensorId))) throw notFound(sensorId);
    if (await isKeyTaken(tx, publicKey, sensorId)) throw keyTaken();
    await updateSensor(tx, sensorId, { nextPublicKey: publicKey });
  }).catch((error: unknown) => {
    // Another sensor has announced it at this moment.
    throw isDuplicate(error) ? keyTaken() : error;
  });
}

/** Throws signature-invalid unless who announces the key has it. */
export function requireProof(sensorId: string, publicKey: string, proof: string): void {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  const base = Buffer.from(keyProofBase(sensorId, publicKey));
  if (!verify(null, base, key, Buffer.from(proof, "base64url")))
    throw new Problem("signature-invalid", "The proof is refused: it was not made with the new key");
}

export function keyTaken(): Problem {
  return new Problem("state-conflict", "The key is or was a sensor's already: make another");
}
