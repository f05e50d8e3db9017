// How a sensor signs its requests: HTTP Message Signatures (RFC 9421) with Ed25519 over method, path and body digest (RFC 9530).
// Only the text that is signed is made here; keys, hashing and parsing are each program's own.

/** Seconds that a sensor's clock may differ from the server's. */
export const MAX_CLOCK_SKEW_SECONDS = 300;

/**
 * Names the running instance of the sensor: a UUID that the sensor generates when it starts. Two instances that take turns are two
 * hosts with one key.
 */
export const INSTANCE_HEADER = "sensor-instance";

const REQUEST_COMPONENTS = ["@method", "@path", "content-digest"] as const;
/** The covered components of every request from an enrolled sensor, in this order. */
export const SIGNED_COMPONENTS = [...REQUEST_COMPONENTS, INSTANCE_HEADER] as const;
/** The covered components of a request with a token or a ticket: `authorization` binds it to the new key. */
export const ENROLL_SIGNED_COMPONENTS = [...REQUEST_COMPONENTS, "authorization"] as const;

export interface SignatureParams {
  components: readonly string[];
  /** Seconds since 1970, whole. */
  created: number;
  /**
   * Only grows for a key: a request whose nonce is not above the last accepted one is refused. From 1 on, and at most a day
   * ahead of the clock in microseconds since 1970.
   */
  nonce: number;
  /** The sensor's id; at enrollment the public key itself, base64url. */
  keyid: string;
}

/** The value of `@signature-params` and, behind `sig1=`, of the `Signature-Input` header (RFC 9421, sections 2.3 and 4.1). */
export function formatSignatureParams(params: SignatureParams): string {
  const components = params.components.map((name) => `"${name}"`).join(" ");
  return `(${components});created=${params.created};nonce="${params.nonce}";keyid="${params.keyid}";alg="ed25519"`;
}

/** The signature base (RFC 9421, section 2.5). `values` holds each covered component's value; `signatureParams` as received. */
export function signatureBase(
  components: readonly string[],
  values: Readonly<Record<string, string>>,
  signatureParams: string,
): string {
  const lines = components.map((name) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`no value for the covered component ${name}`);
    return `"${name}": ${value}`;
  });
  return [...lines, `"@signature-params": ${signatureParams}`].join("\n");
}

/** The value of `Content-Digest` for a body's SHA-256 (RFC 9530, section 2). */
export function formatContentDigest(sha256Base64: string): string {
  return `sha-256=:${sha256Base64}:`;
}

/** What the key that is to come signs to show that the sensor has it (Ed25519): the old key signs the request around it. */
export function keyProofBase(sensorId: string, publicKey: string): string {
  return `attacklens-sensor-key ${sensorId} ${publicKey}`;
}

/** What a server's signed answer covers: its status, its body, and the request that it answers (RFC 9421, section 2.4). */
const RESPONSE_COMPONENTS = '("@status" "content-digest" "signature";req)';

/** The value of `@signature-params` of an answer. `keyid` is the server's public key, base64url. */
export function formatResponseParams(created: number, keyid: string): string {
  return `${RESPONSE_COMPONENTS};created=${created};keyid="${keyid}";alg="ed25519"`;
}

/** The signature base of an answer; `requestSignature` is the request's `Signature` header as sent. */
export function responseSignatureBase(
  answer: { status: number; contentDigest: string; requestSignature: string },
  params: string,
): string {
  return [
    `"@status": ${answer.status}`,
    `"content-digest": ${answer.contentDigest}`,
    `"signature";req: ${answer.requestSignature}`,
    `"@signature-params": ${params}`,
  ].join("\n");
}
