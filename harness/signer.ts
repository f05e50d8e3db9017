// A simulated sensor: a key, and requests that are signed in advance, so that signing does not slow down a
// measurement.
import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomUUID,
  sign,
} from "node:crypto";
import type { ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import {
  ENROLL_SIGNED_COMPONENTS,
  formatContentDigest,
  formatSignatureParams,
  INSTANCE_HEADER,
  keyProofBase,
  macKeyInfo,
  macKeyid,
  SIGNED_COMPONENTS,
  signatureBase,
} from "@attacklens/protocol/signature.ts";

export interface SignedRequest {
  path: string;
  init: RequestInit;
}

/** What a sensor keeps when its key changes. */
interface Instance {
  id: string;
  nonce: number;
}

export function makeSigner(own: Instance = { id: randomUUID(), nonce: 0 }) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { x } = publicKey.export({ format: "jwk" }) as { x: string };
  const agreed = generateKeyPairSync("x25519");
  const { x: agreementKey } = agreed.publicKey.export({ format: "jwk" }) as { x: string };
  let mac: { key: Uint8Array; keyid: string } | undefined;
  const instance = { [INSTANCE_HEADER]: own.id };
  return {
    publicKey: x,
    /** X25519. A check-in announces it. */
    agreementKey,
    /** Derives the key of MACs from the reply to the announcement. */
    agree(sensorId: string, { id, publicKey: serverKey }: ServerAgreement): void {
      const other = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: serverKey }, format: "jwk" });
      const secret = diffieHellman({ privateKey: agreed.privateKey, publicKey: other });
      const info = macKeyInfo({
        ...{ sensorId, instanceId: own.id },
        sensorKey: agreementKey,
        serverKeyId: id,
        serverKey,
      });
      mac = { key: new Uint8Array(hkdfSync("sha256", secret, "", info, 32)), keyid: macKeyid(sensorId, id) };
    },
    /** The same instance with another key. */
    withNewKey: () => makeSigner(own),
    /** Proves to the sensor's present key that this one belongs to the sensor. */
    proof: (sensorId: string) =>
      sign(null, Buffer.from(keyProofBase(sensorId, x)), privateKey).toString("base64url"),
    /** A POST with the next nonce and a MAC. */
    signWithMac(path: string, body: unknown): SignedRequest {
      return this.signTextWithMac("POST", path, JSON.stringify(body));
    },
    signTextWithMac(method: string, path: string, text: string): SignedRequest {
      const { key, keyid } = mac!;
      return this.signText(method, path, text, keyid, undefined, key);
    },
    /**
     * Signs a POST with the next nonce. `keyid` is the sensor's id; with a token, to enroll, its public key.
     */
    sign(path: string, body: unknown, keyid: string, token?: string): SignedRequest {
      return this.signText("POST", path, JSON.stringify(body), keyid, token);
    },
    signText(
      method: string,
      path: string,
      text: string,
      keyid: string,
      token?: string,
      macKey?: Uint8Array,
    ): SignedRequest {
      const digest = formatContentDigest(createHash("sha256").update(text).digest("base64"));
      const components = token ? ENROLL_SIGNED_COMPONENTS : SIGNED_COMPONENTS;
      const created = Math.floor(Date.now() / 1000);
      const alg = macKey ? "hmac-sha256" : "ed25519";
      const params = formatSignatureParams({ components, created, nonce: ++own.nonce, keyid, alg });
      const covered = token ? { authorization: `Bearer ${token}` } : instance;
      const values = { "@method": method, "@path": path, "content-digest": digest, ...covered };
      const base = Buffer.from(signatureBase(components, values, params));
      const signature = macKey
        ? createHmac("sha256", macKey).update(base).digest()
        : sign(null, base, privateKey);
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
