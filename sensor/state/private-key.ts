// The private key of an identity, as signing needs it.
import { createPrivateKey, type KeyObject } from "node:crypto";

/** Both keys as in the identity: 32 bytes in base64url (RFC 8037). */
export function privateKeyOf({
  publicKey: x,
  privateKey: d,
}: {
  publicKey: string;
  privateKey: string;
}): KeyObject {
  return createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", x, d }, format: "jwk" });
}
