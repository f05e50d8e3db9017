// Authenticates the holder of an enrollment token or a re-enrollment ticket, before the body is read: the
// token or ticket exists, and the request is signed with the key that it claims. The rules of the token or
// ticket are checked later.
import { createHash } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import { isPublicKey } from "@attacklens/protocol/public-key.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { ENROLL_SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import { TICKET_PREFIX, tokenValueError } from "@attacklens/protocol/token-value.ts";
import type { HttpRequest } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { parseTokenValue } from "../enrollment-tokens/token-admission.ts";
import type { OwnAuthorities } from "../sensors/identity/own-authorities.ts";
import {
  type ClaimedSignature,
  type ContentDigest,
  parseSignature,
  requireFresh,
  verifySignature,
} from "../sensors/identity/sensor-signature.ts";
import type { VerifyEd25519 } from "../sensors/identity/verify-ed25519.ts";
import type { KnownTokens } from "./known-tokens.ts";
import { requireTicket, ticketUnknown } from "./re-enroll.ts";

/** The sender of an existing enrollment token or re-enrollment ticket. Its rules are checked later. */
export interface TokenHolder {
  valueHash: string;
  /** The new key that signed the request; undefined: the route needs no signature. */
  signed: { publicKey: string; nonce: number } | undefined;
}

/** The parts of the server that authentication uses. */
interface HolderDoor {
  db: Database;
  now: () => number;
  knownTokens: KnownTokens;
  authorities: OwnAuthorities;
  verifyEd25519: VerifyEd25519;
}

/**
 * Throws token-unknown or ticket-unknown, too-many-requests. If the new key must sign the route, also throws
 * signature-missing, signature-invalid, clock-skewed.
 */
export async function authenticateHolder(
  door: HolderDoor,
  route: Route,
  http: HttpRequest,
): Promise<{ holder: TokenHolder; digests: ContentDigest[] }> {
  const { db, now, knownTokens, authorities, verifyEd25519 } = door;
  const isTicket = route.access === "re-enrollment-ticket";
  const value = bearerValue(http.headers);
  if (value === undefined) {
    throw isTicket
      ? ticketUnknown("the request needs an Authorization header with it")
      : new Problem(
          "token-unknown",
          "Cannot enroll sensor: the request needs an Authorization header with the token",
        );
  }
  if (isTicket && tokenValueError(value, TICKET_PREFIX) !== undefined) throw ticketUnknown("it is malformed");
  const valueHash = isTicket ? createHash("sha256").update(value).digest("hex") : parseTokenValue(value);
  const claimed = route.isSignedByNewKey ? parseNewKeySignature(http.headers) : undefined;
  if (claimed && isTicket) await verifyNewKey(claimed);
  await (isTicket ? requireTicket(db, valueHash) : knownTokens.require(valueHash));
  if (claimed && !isTicket) await verifyNewKey(claimed);
  const signed = claimed && { publicKey: claimed.keyid, nonce: claimed.nonce };
  return { holder: { valueHash, signed }, digests: claimed?.digests ?? [] };

  async function verifyNewKey(signature: ClaimedSignature): Promise<void> {
    await verifySignature(signature, http, signature.keyid, authorities, verifyEd25519);
    requireFresh(signature, now());
  }
}

/** The `keyid` is the new key itself, so the signature is checked before the body is read. */
function parseNewKeySignature(headers: Headers): ClaimedSignature {
  const claimed = parseSignature(headers, ENROLL_SIGNED_COMPONENTS);
  if (isPublicKey(claimed.keyid)) return claimed;
  throw new Problem(
    "signature-invalid",
    "The signature is refused: keyid must be the public key, 32 bytes in base64url without padding",
  );
}

/** Returns the nonce of the signature. Throws signature-invalid unless the signing key is the body's key. */
export function signedKey({ signed }: TokenHolder, publicKey: string): { nonce: number } {
  if (signed?.publicKey === publicKey) return signed;
  throw new Problem("signature-invalid", "The signature is refused: keyid must be the body's publicKey");
}

/** RFC 6750, section 2.1. */
function bearerValue(headers: Headers): string | undefined {
  return /^Bearer ([^\s]{1,200})$/i.exec(headers.get("authorization") ?? "")?.[1];
}
