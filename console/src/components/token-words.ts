// What the page says of a token, in words.
import type { RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken, TokenWarning } from "@attacklens/protocol/enrollment-tokens.ts";
import type { LostSensorRule } from "@attacklens/protocol/lost-sensors.ts";
import type { ClonedHostsRule, ReimagedHostsRule } from "@attacklens/protocol/token-settings.ts";
import { formatCount } from "../ui/numbers.ts";

/** `14`, or `14 of 20` when the token has a limit. */
export function enrolledText({ enrolledSensors, maxEnrollments }: EnrollmentToken): string {
  const enrolled = formatCount(enrolledSensors);
  return maxEnrollments === null ? enrolled : `${enrolled} of ${formatCount(maxEnrollments)}`;
}

export const WARNING_WORDS: Record<TokenWarning, string> = {
  "expires-soon": "Expires within 7 days, and was used in the last 7",
  "nearly-used-up": "90% or more of its uses are spent",
  unused: "Not used for 30 days",
  "no-expiry": "Has no expiry: it works until it is revoked or deleted",
};

/** As a filter names them. */
export const WARNING_NAMES: Record<TokenWarning, string> = {
  "expires-soon": "Expires soon",
  "nearly-used-up": "Nearly used up",
  unused: "Unused",
  "no-expiry": "No expiry",
};

export const REASON_WORDS: Record<RefusalReason, string> = {
  "token-revoked": "Token revoked",
  "token-expired": "Token expired",
  "token-group-deleted": "Asset Group deleted",
  "token-used-up": "Token used up",
  "token-paused": "Token paused",
  "network-not-allowed": "Network not allowed",
  "hostname-not-allowed": "Hostname not allowed",
  "sensor-cloned": "Clone not allowed",
};

/** What becomes of a host that runs with the copied key of a token's sensor. */
export const CLONED_HOSTS_WORDS: Record<ClonedHostsRule, string> = {
  approval: "After a person's approval",
  allow: "At once",
  reject: "Never: it has to enroll with a token",
};

/** What becomes of a sensor on hardware whose former sensor is silent. */
export const REIMAGED_HOSTS_WORDS: Record<ReimagedHostsRule, string> = {
  ask: "A person decides: merge, or keep both",
  merge: "Merged by itself when no hardware fact differs",
  keep: "Both are kept",
};

/** Whether a host whose server no longer knows it becomes a new sensor by the same deploy command. */
export const LOST_SENSOR_RULE_WORDS: Record<LostSensorRule, string> = {
  "new-pin": "Only with a new CA pin",
  always: "Always",
  never: "Never",
};
