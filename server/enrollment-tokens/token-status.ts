// The one function that decides a token's state: for enforcement, the list, the badge and the API alike.
import type { TokenStatus } from "@attacklens/protocol/enrollment-tokens.ts";

export interface TokenFacts {
  revokedAt: number | null;
  expiresAt: number | null;
  /** When the group that the token is scoped to was deleted. */
  assetGroupDeletedAt: number | null;
}

/** At the very instant of its expiry a token is expired. */
export function enrollmentTokenStatus(token: TokenFacts, now: number): TokenStatus {
  if (token.revokedAt !== null) return "revoked";
  if (token.expiresAt !== null && token.expiresAt <= now) return "expired";
  if (token.assetGroupDeletedAt !== null) return "group-deleted";
  return "active";
}
