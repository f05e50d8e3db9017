// The server's signature on what it refuses sensors with: a sensor corrects its clock only by its own server's word, and can tell
// that server from another one at the same address.
import { createHash, createPrivateKey, createPublicKey, hkdfSync, sign } from "node:crypto";
import {
  formatContentDigest,
  formatResponseParams,
  responseSignatureBase,
} from "@attacklens/protocol/signature.ts";
import type { ResponseSigner } from "../../route-handler.ts";

/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The key follows from the secret that all servers of an installation share: each signs as the others do, and nothing is stored. */
export function openResponseSigner(secret: string): ResponseSigner {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "attacklens answers to sensors", 32));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const publicKey = (createPublicKey(key).export({ format: "jwk" }) as { x: string }).x;
  return {
    publicKey,
    sign({ status, body, requestSignature, now }) {
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
