// Signs a request with the sensor's key, or makes its MAC (RFC 9421). Loads no schema, and not the library
// for keys of Node.js: a sensor at rest uses it, too.
import {
  ENROLL_SIGNED_COMPONENTS,
  formatContentDigest,
  formatSignatureParams,
  INSTANCE_HEADER,
  macKeyid,
  SIGNED_COMPONENTS,
  signatureBase,
} from "@attacklens/protocol/signature.ts";

/** Whose key signs requests, and the corrections learned from the server. */
export interface Signer {
  /** The sensor's id; while enrolling, its public key. */
  keyid: string;
  /** The server's clock minus ours. */
  clockOffsetMs: number;
  lastNonce: number;
  /** Names the running instance of the sensor: a UUID, sent with every request but those of enrollment. */
  instanceId: string;
  /** The key of MACs in base64url, on which this instance and the server have agreed; undefined: none. */
  mac?: { serverKeyId: string; key: string } | undefined;
  now: () => number;
}

export interface ToSign {
  method: string;
  path: string;
  body: string;
  /** For enrollment only. */
  token?: string | undefined;
  /** Of the route. */
  acceptsMac?: boolean | undefined;
}

/** Makes an Ed25519 signature with the sensor's key. */
export type Sign = (text: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export async function signedHeaders(
  signer: Signer,
  { method, path, body, token, acceptsMac = false }: ToSign,
  sign: Sign,
) {
  const digest = formatContentDigest(new Bun.CryptoHasher("sha256").update(body).digest("base64"));
  const nowMs = signer.now() + signer.clockOffsetMs;
  // Microseconds increase across restarts without being saved. The server corrects a clock that was set back.
  signer.lastNonce = Math.max(signer.lastNonce + 1, Math.floor(nowMs * 1000));
  const { instanceId } = signer;
  const mac = acceptsMac ? signer.mac : undefined;
  const components = token === undefined ? SIGNED_COMPONENTS : ENROLL_SIGNED_COMPONENTS;
  const params = formatSignatureParams({
    components,
    created: Math.floor(nowMs / 1000),
    nonce: signer.lastNonce,
    keyid: mac ? macKeyid(signer.keyid, mac.serverKeyId) : signer.keyid,
    alg: mac ? "hmac-sha256" : "ed25519",
  });
  const values: Record<string, string> = { "@method": method, "@path": path, "content-digest": digest };
  const headers: Record<string, string> = { "content-type": "application/json", "content-digest": digest };
  if (token === undefined) {
    values[INSTANCE_HEADER] = instanceId;
    headers[INSTANCE_HEADER] = instanceId;
  } else {
    values.authorization = `Bearer ${token}`;
    headers.authorization = values.authorization;
  }
  const base = Buffer.from(signatureBase(components, values, params));
  const signature = mac
    ? new Bun.CryptoHasher("sha256", Buffer.from(mac.key, "base64url")).update(base).digest()
    : await sign(base);
  return {
    ...headers,
    "signature-input": `sig1=${params}`,
    signature: `sig1=:${Buffer.from(signature).toString("base64")}:`,
  };
}
