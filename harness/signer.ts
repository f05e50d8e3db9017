// A simulated sensor: a key, and requests that are signed in advance, so that signing does not slow down a
// measurement.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import {
  ENROLL_SIGNED_COMPONENTS,
  formatContentDigest,
  formatSignatureParams,
  INSTANCE_HEADER,
  SIGNED_COMPONENTS,
  signatureBase,
} from "@attacklens/protocol/signature.ts";

export interface SignedRequest {
  path: string;
  init: RequestInit;
}

export function makeSigner() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { x } = publicKey.export({ format: "jwk" }) as { x: string };
  let nonce = 0;
  const instance = { [INSTANCE_HEADER]: randomUUID() };
  return {
    publicKey: x,
    /**
     * Signs a POST with the next nonce. `keyid` is the sensor's id; with a token, to enroll, its public key.
     */
    sign(path: string, body: unknown, keyid: string, token?: string): SignedRequest {
      return this.signText("POST", path, JSON.stringify(body), keyid, token);
    },
    signText(method: string, path: string, text: string, keyid: string, token?: string): SignedRequest {
      const digest = formatContentDigest(createHash("sha256").update(text).digest("base64"));
      const components = token ? ENROLL_SIGNED_COMPONENTS : SIGNED_COMPONENTS;
      const created = Math.floor(Date.now() / 1000);
      const params = formatSignatureParams({ components, created, nonce: ++nonce, keyid });
      const covered = token ? { authorization: `Bearer ${token}` } : instance;
      const values = { "@method": method, "@path": path, "content-digest": digest, ...covered };
      const signature = sign(null, Buffer.from(signatureBase(components, values, params)), privateKey);
      const headers = {
        "content-type": "application/json",
        "content-digest": digest,
        "signature-input": `sig1=${params}`,
        signature: `sig1=:${signature.toString("base64")}:`,
        ...covered,
      };
      return { path, init: { method, headers, body: text } };
    },
  };
}
