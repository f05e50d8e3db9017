// The server's signature on refusals of sensors' requests (RFC 9421). With it, a sensor corrects its clock
// only by its own server, and detects another server at the same address. No library fits: those for RFC 9421
// sign requests with their own HTTP types, and this is one fixed form.
import { createHash, createPrivateKey, createPublicKey, hkdfSync, sign } from "node:crypto";
import {
  formatContentDigest,
  formatResponseParams,
  responseSignatureBase,
} from "@attacklens/protocol/signature.ts";

/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

interface SignedReply {
  status: number;
  body: string;
  requestSignature: string;
  now: number;
}

/** Derives the key from the secret that all servers of an installation share. The key is not stored. */
export function openResponseSigner(secret: string) {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "attacklens answers to sensors", 32));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const publicKey = (createPublicKey(key).export({ format: "jwk" }) as { x: string }).x;
  return {
    /** Ed25519, 32 bytes in base64url. */
    publicKey,
    /** Ed25519, base64url. */
    signText: (text: string): string => sign(null, Buffer.from(text), key).toString("base64url"),
    /**
     * Returns the headers that sign a reply. The signature covers the request's `Signature` (RFC 9421,
     * section 2.4).
     */
    sign({ status, body, requestSignature, now }: SignedReply): Record<string, string> {
      const contentDigest = formatContentDigest(createHash("sha256").update(body).digest("base64"));
      const params = formatResponseParams(Math.floor(now / 1000), publicKey);
      const base = responseSignatureBase({ status, contentDigest, requestSignature }, params);
      return {
        "content-digest": contentDigest,
        "signature-input": `sig1=${params}`,
        signature: `sig1=:${sign(null, Buffer.from(base), key).toString("base64")}:`,
      };
    },
  };
}
