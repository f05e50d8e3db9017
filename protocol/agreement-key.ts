// The X25519 keys (RFC 7748) from which the sensor and the server derive the key of MACs.
import { z } from "zod";

const P = 2n ** 255n - 19n;

/** The u coordinates of the points whose order divides 8, on the curve or its twist (RFC 7748, section 6). */
const SMALL_ORDER_U = new Set([
  0n,
  1n,
  P - 1n,
  0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
]);

/** With any other key, both sides would derive a secret that is known to all. */
function agreementKeyError(text: string): string | undefined {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  let u = 0n;
  for (const byte of bytes.toReversed()) u = (u << 8n) | BigInt(byte);
  if (u >= P) return "must be a canonical encoding";
  return SMALL_ORDER_U.has(u) ? "must not be a point of small order" : undefined;
}

/** An X25519 public key (RFC 7748): 32 bytes, base64url without padding. */
export const agreementKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "must be 32 bytes in base64url without padding")
  .superRefine((text, context) => {
    const message = /^[\w-]{43}$/.test(text) ? agreementKeyError(text) : undefined;
    if (message) context.addIssue({ code: "custom", message });
  })
  .meta({ example: "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo" });

/** An Ed25519 signature (RFC 8032): 64 bytes, base64url without padding. */
export const ed25519Signature = z
  .string()
  .regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, "must be 64 bytes in base64url without padding");

export const serverAgreement = z.object({
  id: z
    .string()
    .regex(/^[\w-]{16}$/)
    .meta({ description: "The first 16 characters of the base64url SHA-256 of the key's 32 bytes" }),
  publicKey: agreementKey,
  signature: ed25519Signature.meta({
    description: "By `serverKey`, of `attacklens-server-agreement <id> <publicKey>`",
  }),
});
export type ServerAgreement = z.infer<typeof serverAgreement>;
