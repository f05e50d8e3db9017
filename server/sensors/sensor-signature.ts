// Verifies what a sensor signed: HTTP Message Signatures (RFC 9421) with Ed25519, and the digest of the body (RFC 9530).
import { createHash, createPublicKey, verify } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import {
  formatContentDigest,
  MAX_CLOCK_SKEW_SECONDS,
  signatureBase,
} from "@attacklens/protocol/signature.ts";
import { parseDictionary, serializeInnerList } from "structured-headers";
import type { HttpRequest } from "../route-handler.ts";

export interface ClaimedSignature {
  components: string[];
  /** As received, in canonical serialisation: the last line of the signature base. */
  params: string;
  signature: Uint8Array;
  created: number;
  nonce: number;
  keyid: string;
}

const MAX_HEADER_LENGTH = 1_000;
const MAX_NONCE_AHEAD_MS = 86_400_000;
/** Seconds since 1970 at the end of the year 9999. */
const MAX_CREATED = 253_402_300_799;

/** Reads the headers, without any look-up. Throws signature-missing, or signature-invalid when they are malformed or cover too little. */
export function parseSignature(headers: Headers, required: readonly string[]): ClaimedSignature {
  const input = headers.get("signature-input");
  const value = headers.get("signature");
  if (input === null || value === null) {
    throw new Problem(
      "signature-missing",
      "The request needs the headers Signature-Input, Signature and Content-Digest",
    );
  }
  if (input.length > MAX_HEADER_LENGTH || value.length > MAX_HEADER_LENGTH)
    throw invalid("a signature header is too long");
  const list = readDictionary(input).get("sig1");
  const bytes = readDictionary(value).get("sig1");
  if (!list || !Array.isArray(list[0]))
    throw invalid("Signature-Input has no member sig1 with a list of components");
  if (!bytes || !(bytes[0] instanceof ArrayBuffer)) throw invalid("Signature has no byte sequence sig1");

  const components = list[0].map(([name, itemParams]) => {
    if (typeof name !== "string" || itemParams.size > 0 || !/^@?[a-z0-9-]+$/.test(name))
      throw invalid("a covered component is not a plain name");
    return name;
  });
  if (new Set(components).size !== components.length) throw invalid("a component is covered twice");
  const uncovered = required.filter((name) => !components.includes(name));
  if (uncovered.length > 0) throw invalid(`it does not cover ${uncovered.join(", ")}`);

  const params = list[1];
  const created = params.get("created");
  const digits = params.get("nonce");
  const nonce = typeof digits === "string" && /^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : Number.NaN;
  const keyid = params.get("keyid");
  if (params.get("alg") !== "ed25519") throw invalid("alg must be ed25519");
  if (typeof created !== "number" || !Number.isSafeInteger(created) || Math.abs(created) > MAX_CREATED)
    throw invalid("created must be whole seconds");
  if (!Number.isSafeInteger(nonce)) {
    throw invalid("nonce must be a string of decimal digits from 1 to 2^53-1");
  }
  if (typeof keyid !== "string") throw invalid("keyid is missing");
  return {
    components,
    params: serializeInnerList([list[0], params]),
    signature: new Uint8Array(bytes[0]),
    created,
    nonce,
    keyid,
  };
}

/**
 * Checks the signature over the request, and the body against its digest. `publicKey` is 32 bytes in base64url.
 * Throws signature-invalid; clock-skewed, with the server's time, when a true signature was made too early or late.
 */
export function verifySignature(
  claimed: ClaimedSignature,
  http: HttpRequest,
  publicKey: string,
  now: number,
): void {
  const values: Record<string, string> = { "@method": http.method, "@path": http.path };
  for (const name of claimed.components) {
    if (name.startsWith("@")) continue;
    const value = http.headers.get(name);
    if (value === null) throw invalid(`the covered header ${name} is absent`);
    values[name] = value.trim();
  }
  if (!claimed.components.every((name) => name in values))
    throw invalid("it covers a component that the server does not know");
  const base = signatureBase(claimed.components, values, claimed.params);
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  if (!verify(null, Buffer.from(base), key, claimed.signature))
    throw invalid("it was made with another key or over another request");

  const digest = formatContentDigest(createHash("sha256").update(http.body).digest("base64"));
  if (values["content-digest"] !== digest) throw invalid("Content-Digest is not the body's SHA-256");

  if (Math.abs(claimed.created - now / 1000) > MAX_CLOCK_SKEW_SECONDS) {
    throw new Problem(
      "clock-skewed",
      `The request was signed at ${new Date(claimed.created * 1000).toISOString()} by the sensor's clock`,
      { extras: { serverTime: new Date(now).toISOString() } },
    );
  }
  // One at the end of the numbers would be the sensor's last: no later request could exceed it.
  if (claimed.nonce > (now + MAX_NONCE_AHEAD_MS) * 1000)
    throw invalid("nonce is more than a day ahead of the clock in microseconds");
}

export function isSignatureInvalid(error: unknown): boolean {
  return error instanceof Problem && error.code === "signature-invalid";
}

function readDictionary(header: string) {
  try {
    return parseDictionary(header);
  } catch (error) {
    throw invalid("a signature header is no structured field (RFC 9651)", error);
  }
}

function invalid(reason: string, cause?: unknown): Problem {
  return new Problem("signature-invalid", `The signature is refused: ${reason}`, { cause });
}
