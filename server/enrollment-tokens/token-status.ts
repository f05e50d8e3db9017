// Decides the status and the warnings of a token, for enforcement and for display.
import type { TokenStatus, TokenWarning } from "@attacklens/protocol/enrollment-tokens.ts";

export interface TokenFacts {
  revokedAt: number | null;
  expiresAt: number | null;
  /** When the group that the token is scoped to was deleted. */
  assetGroupDeletedAt: number | null;
  /** Null: any number. */
  maxEnrollments: number | null;
  uses: number;
  pausedAt: number | null;
}

/** A token is already expired at the exact time of its expiry. */
export function enrollmentTokenStatus(token: TokenFacts, now: number): TokenStatus {
  if (token.revokedAt !== null) return "revoked";
  if (token.expiresAt !== null && token.expiresAt <= now) return "expired";
  if (token.assetGroupDeletedAt !== null) return "group-deleted";
  if (token.maxEnrollments !== null && token.uses >= token.maxEnrollments) return "used-up";
  if (token.pausedAt !== null) return "paused";
  return "active";
}

const DAY_MS = 86_400_000;

/** Returns what needs attention. Only a token that can still admit sensors has warnings. */
export function tokenWarnings(
  token: TokenFacts & { createdAt: number; lastUsedAt: number | null },
  now: number,
): TokenWarning[] {
  const status = enrollmentTokenStatus(token, now);
  if (status !== "active" && status !== "paused") return [];
  const warnings: TokenWarning[] = [];
  const { expiresAt, lastUsedAt, maxEnrollments } = token;
  const isUsedLately = lastUsedAt !== null && lastUsedAt > now - 7 * DAY_MS;
  if (expiresAt !== null && expiresAt <= now + 7 * DAY_MS && isUsedLately) warnings.push("expires-soon");
  if (maxEnrollments !== null && maxEnrollments > 1 && token.uses >= maxEnrollments * 0.9)
    warnings.push("nearly-used-up");
  if ((lastUsedAt ?? token.createdAt) <= now - 30 * DAY_MS) warnings.push("unused");
  if (expiresAt === null) warnings.push("no-expiry");
  return warnings;
}
