// Labels and texts about tokens.
import type { RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken, ListedToken, TokenWarning } from "@attacklens/protocol/enrollment-tokens.ts";
import { countOf, formatCount } from "../ui/numbers.ts";

/** A token, or a row of the list. */
export type AnyToken = EnrollmentToken | ListedToken;

/** `14`, or `14 of 20` when the token has a limit. */
export function enrolledText({ enrolledSensors, maxEnrollments }: AnyToken): string {
  const enrolled = formatCount(enrolledSensors);
  return maxEnrollments === null ? enrolled : `${enrolled} of ${formatCount(maxEnrollments)}`;
}

/**
 * The sensors that are not affected if their token is revoked or deleted. `online` is undefined while the
 * count is loading.
 */
export function remainingSensorsText(sensors: number, online?: number): string {
  if (sensors === 0) return "No sensors have enrolled with it.";
  const keep = countOf(sensors, "enrolled sensor keeps reporting", "enrolled sensors keep reporting");
  return online === undefined ? `${keep}.` : `${keep} (${formatCount(online)} online now).`;
}

export const WARNING_TEXTS: Record<TokenWarning, string> = {
  "expires-soon": "Expires within 7 days and was used in the last 7 days",
  "nearly-used-up": "90% or more of its uses are spent",
  unused: "Not used for 30 days",
  "no-expiry": "No expiry: valid until it is revoked or deleted",
};

/** The deadline is near, so they have the warning triangle. */
export const IMMINENT: ReadonlySet<TokenWarning> = new Set(["expires-soon", "nearly-used-up"]);

export const WARNING_LABELS: Record<TokenWarning, string> = {
  "expires-soon": "Expires soon",
  "nearly-used-up": "Nearly used up",
  unused: "Unused",
  "no-expiry": "No expiry",
};

export const REFUSAL_LABELS: Record<RefusalReason, string> = {
  "token-revoked": "Token revoked",
  "token-expired": "Token expired",
  "token-group-deleted": "Asset group deleted",
  "token-used-up": "Token used up",
  "token-paused": "Token paused",
  "network-not-allowed": "Network not allowed",
  "hostname-not-allowed": "Hostname not allowed",
  "sensor-cloned": "Clone not allowed",
};
