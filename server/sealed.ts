// Seals secrets that must be in the database: AES-256-GCM (NIST SP 800-38D) with a key derived from the
// installation's secret, which is not in the database. The purpose is authenticated too, so that a value that
// is sealed for one purpose can't be opened for another.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function seal(secret: string, purpose: string, content: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret, purpose), nonce).setAAD(Buffer.from(purpose));
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString(
    "base64url",
  );
}

/** Throws if the value was sealed with another secret or for another purpose. */
export function unseal(secret: string, purpose: string, sealed: string): Uint8Array {
  const bytes = Buffer.from(sealed, "base64url");
  const tagAt = bytes.length - TAG_BYTES;
  const opening = createDecipheriv("aes-256-gcm", keyOf(secret, purpose), bytes.subarray(0, NONCE_BYTES));
  opening.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(tagAt));
  return Buffer.concat([opening.update(bytes.subarray(NONCE_BYTES, tagAt)), opening.final()]);
}

function keyOf(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "", `attacklens sealed ${purpose}`, 32));
}
