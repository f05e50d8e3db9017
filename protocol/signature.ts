// How sensors sign requests: HTTP Message Signatures (RFC 9421) with Ed25519, or with HMAC-SHA-256, over
// method, path and body digest (RFC 9530). This file formats the signed text. Each program brings its own
// keys, hashing and parsing. No library fits: those for RFC 9421 bring their own HTTP and key types, and this
// profile needs about 50 lines.

/** Maximum difference in seconds between the clocks of sensor and server. */
export const MAX_CLOCK_SKEW_SECONDS = 300;

/**
 * Names the running instance of the sensor: a UUID that the sensor generates when it starts. Two instances
 * that take turns are two hosts with one key.
 */
export const INSTANCE_HEADER = "sensor-instance";

const REQUEST_COMPONENTS = ["@method", "@path", "content-digest"] as const;
/** The covered components of every request from an enrolled sensor, in this order. */
export const SIGNED_COMPONENTS = [...REQUEST_COMPONENTS, INSTANCE_HEADER] as const;
/** The covered components of a request with a token or a ticket: `authorization` binds it to the new key. */
export const ENROLL_SIGNED_COMPONENTS = [...REQUEST_COMPONENTS, "authorization"] as const;

/** With `hmac-sha256`, the signature is a MAC. Its key is that of `macKeyInfo`. */
export type SignatureAlgorithm = "ed25519" | "hmac-sha256";

export interface SignatureParams {
  components: readonly string[];
  /** Whole seconds since 1970. */
  created: number;
  /**
   * Increases with every request of a key: the server refuses a nonce that is not above the last accepted
   * one. At least 1, and at most one day ahead of the clock in microseconds since 1970.
   */
  nonce: number;
  /** The sensor's id; at enrollment, the public key in base64url; of a MAC, `macKeyid`. */
  keyid: string;
  /** Absent: ed25519. */
  alg?: SignatureAlgorithm;
}

/**
 * The value of `@signature-params`, and after `sig1=` of the `Signature-Input` header (RFC 9421, sections 2.3
 * and 4.1).
 */
export function formatSignatureParams(params: SignatureParams): string {
  const components = params.components.map((name) => `"${name}"`).join(" ");
  return `(${components});created=${params.created};nonce="${params.nonce}";keyid="${params.keyid}";alg="${params.alg ?? "ed25519"}"`;
}

/** The signature base (RFC 9421, section 2.5). `values` has the value of each covered component. */
export function signatureBase(
  components: readonly string[],
  values: Readonly<Record<string, string>>,
  signatureParams: string,
): string {
  let base = "";
  for (const name of components) {
    const value = values[name];
    if (value === undefined) throw new RangeError(`no value for the covered component ${name}`);
    base += `"${name}": ${value}\n`;
  }
  return `${base}"@signature-params": ${signatureParams}`;
}

/** The value of `Content-Digest` for a body's SHA-256 (RFC 9530, section 2). */
export function formatContentDigest(sha256Base64: string): string {
  return `sha-256=:${sha256Base64}:`;
}

/**
 * The text that a new key signs to prove that the sensor has it (Ed25519). The current key signs the request.
 */
export function keyProofBase(sensorId: string, publicKey: string): string {
  return `attacklens-sensor-key ${sensorId} ${publicKey}`;
}

/** The parties of an agreement on the key of a sensor's MACs. */
export interface MacParties {
  sensorId: string;
  instanceId: string;
  /** The X25519 key that the instance announced, base64url. */
  sensorKey: string;
  serverKeyId: string;
  /** The X25519 key of the server, base64url. */
  serverKey: string;
}

/**
 * The `info` of HKDF (RFC 5869), which derives the key of the MACs from the X25519 secret of both keys (RFC
 * 7748). No part has a space. It has both public keys because several keys can result in one secret.
 */
export function macKeyInfo(parties: MacParties): string {
  const { sensorId, instanceId, sensorKey, serverKeyId, serverKey } = parties;
  return `attacklens-sensor-mac-1 ${sensorId} ${instanceId} ${sensorKey} ${serverKeyId} ${serverKey}`;
}

/** The `keyid` of a MAC. Neither id has a dot. */
export function macKeyid(sensorId: string, serverKeyId: string): string {
  return `${sensorId}.${serverKeyId}`;
}

/** The text that the server signs so that sensors trust its X25519 key (Ed25519). */
export function serverAgreementBase(serverKeyId: string, publicKey: string): string {
  return `attacklens-server-agreement ${serverKeyId} ${publicKey}`;
}

/**
 * The covered components of a signed response: its status, its body, and the request (RFC 9421, section 2.4).
 */
const RESPONSE_COMPONENTS = '("@status" "content-digest" "signature";req)';

/** The value of `@signature-params` of a response. `keyid` is the server's public key in base64url. */
export function formatResponseParams(created: number, keyid: string): string {
  return `${RESPONSE_COMPONENTS};created=${created};keyid="${keyid}";alg="ed25519"`;
}

/** The signature base of a response. `requestSignature` is the request's `Signature` header as sent. */
export function responseSignatureBase(
  response: { status: number; contentDigest: string; requestSignature: string },
  params: string,
): string {
  return [
    `"@status": ${response.status}`,
    `"content-digest": ${response.contentDigest}`,
    `"signature";req: ${response.requestSignature}`,
    `"@signature-params": ${params}`,
  ].join("\n");
}
