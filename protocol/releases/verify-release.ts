// Verifies a signed release: a trusted root key signs the release keys, one of these signs the manifest,
// neither is older than what was accepted before, and both are in force.
import type { z } from "zod";
import type { Json } from "../canonical-json.ts";
import { describeIssue, issueText } from "../issue-text.ts";
import {
  MAX_RELEASE_BYTES,
  type ReleaseKeys,
  type ReleaseManifest,
  type Signature,
  type SignedPart,
  type SignedReleaseKeys,
  signedBytes,
  signedRelease,
  signedReleaseKeys,
} from "./release.ts";

/** Why a release is refused. Callers branch on it. */
export type ReleaseRefusal =
  /** Not a signed release at all. */
  | "malformed"
  /** No trusted root key signs its release keys. */
  | "root-unknown"
  | "signature-invalid"
  /** Signed by a key that is not in the list. */
  | "key-unknown"
  /** The release key or the manifest is not in force, or the clock is wrong. */
  | "expired"
  | "not-yet-valid"
  /** An attacker, or an operator, offers less than what was accepted before. */
  | "older";

/** The message completes "Cannot …: ". */
export class ReleaseError extends Error {
  constructor(
    readonly refusal: ReleaseRefusal,
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = "ReleaseError";
  }
}

/** The highest numbers that were accepted so far. */
export interface AcceptedRelease {
  counter: number;
  keySerial: number;
}

export interface ReleaseTrust {
  rootKeys: readonly string[];
  /** Absent: nothing was accepted yet. */
  accepted?: AcceptedRelease | undefined;
  /** Milliseconds. Absent: times are not checked, for what was accepted while it was in force. */
  now?: number | undefined;
}

export interface VerifiedRelease {
  manifest: ReleaseManifest;
  releaseKeys: ReleaseKeys;
}

/** Throws ReleaseError. */
export async function verifyRelease(text: string, trust: ReleaseTrust): Promise<VerifiedRelease> {
  const received = parseReceived(text);
  const release = parseWith(signedRelease, received);
  await verifyKeys(release, received, trust);
  const { manifest, releaseKeys, signature } = release;
  const key = releaseKeys.keys.find(({ publicKey }) => publicKey === signature.publicKey);
  if (!key)
    throw new ReleaseError(
      "key-unknown",
      "its key is not among the release keys",
      "get the release again from where it is published",
    );
  await requireSignature("manifest", received.manifest as Json, signature);
  requireNotOlder("counter", manifest.counter, trust.accepted?.counter);
  requireInForce("its release key", trust.now, key.validFrom, key.validUntil);
  requireInForce("the release", trust.now, manifest.created, manifest.expires);
  return { manifest, releaseKeys };
}

/** The same for the release keys alone, before a release is signed with one of them. Throws ReleaseError. */
export async function verifyReleaseKeys(text: string, trust: ReleaseTrust): Promise<SignedReleaseKeys> {
  const received = parseReceived(text);
  const keys = parseWith(signedReleaseKeys, received);
  await verifyKeys(keys, received, trust);
  return keys;
}

async function verifyKeys(
  { releaseKeys, rootSignatures }: SignedReleaseKeys,
  received: Record<string, unknown>,
  { rootKeys, accepted }: ReleaseTrust,
): Promise<void> {
  const trusted = rootSignatures.find(({ publicKey }) => rootKeys.includes(publicKey));
  if (!trusted)
    throw new ReleaseError(
      "root-unknown",
      rootKeys.length === 0 ? "no root key is trusted here" : "none of the trusted root keys signs it",
      "programs from another publisher need that publisher's root keys: attacklens releases trust FILE",
    );
  await requireSignature("releaseKeys", received.releaseKeys as Json, trusted);
  requireNotOlder("serial of the release keys", releaseKeys.serial, accepted?.keySerial);
}

function parseReceived(text: string): Record<string, unknown> {
  if (text.length > MAX_RELEASE_BYTES) throw malformed(`it has more than ${MAX_RELEASE_BYTES} bytes`);
  try {
    const received: unknown = JSON.parse(text);
    if (typeof received === "object" && received !== null && !Array.isArray(received))
      return received as Record<string, unknown>;
  } catch {
    throw malformed("it is not JSON");
  }
  throw malformed("it is not a JSON object");
}

function parseWith<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, { error: issueText });
  if (result.success) return result.data;
  const [issue] = result.error.issues.flatMap(describeIssue);
  throw malformed(issue ? `${issue.path.join(".")} ${issue.message}` : "it is not a signed release");
}

function malformed(why: string): ReleaseError {
  return new ReleaseError("malformed", why, "get the release again from where it is published");
}

async function requireSignature(part: SignedPart, value: Json, signature: Signature): Promise<void> {
  if (await isSigned(part, value, signature)) return;
  throw new ReleaseError(
    "signature-invalid",
    `the signature of its ${part === "manifest" ? "manifest" : "release keys"} does not match`,
    "the file was changed after it was signed: get the release again from where it is published",
  );
}

async function isSigned(
  part: SignedPart,
  value: Json,
  { publicKey, value: text }: Signature,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", fromBase64url(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, fromBase64url(text), signedBytes(part, value));
  } catch {
    // The key is not a point of the curve, or the value is nested too deeply to be signed.
    return false;
  }
}

function requireNotOlder(what: string, given: number, accepted: number | undefined): void {
  if (accepted === undefined || given >= accepted) return;
  throw new ReleaseError(
    "older",
    `its ${what} is ${given}, and ${accepted} was accepted before`,
    "use the newest release. To offer an older version again, sign it again with a higher counter",
  );
}

function requireInForce(what: string, now: number | undefined, from: string, until: string): void {
  if (now === undefined) return;
  if (now < Date.parse(from))
    throw new ReleaseError(
      "not-yet-valid",
      `${what} is valid from ${from}, and this host's clock says ${new Date(now).toISOString()}`,
      "correct the clock",
    );
  if (now >= Date.parse(until))
    throw new ReleaseError(
      "expired",
      `${what} expired at ${until}`,
      `get a newer release, or correct the clock if it is not ${new Date(now).toISOString()}`,
    );
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
