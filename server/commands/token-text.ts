// Tokens in a terminal: a table for many, a list of properties for one. Pure.
import type { EnrollmentToken, ListedToken } from "@attacklens/protocol/enrollment-tokens.ts";
import {
  describeTokenSetting,
  TOKEN_SETTING_NAMES,
  TOKEN_SETTINGS,
  type TokenSettingName,
} from "@attacklens/protocol/token-settings.ts";
import { table } from "./text-table.ts";

export function tokenTable(tokens: readonly ListedToken[]): string {
  const rows = tokens.map((token) => [
    token.name,
    scopeText(token),
    token.status,
    enrolledText(token),
    token.expiresAt ?? "never",
    token.id,
  ]);
  return table([["NAME", "SCOPE", "STATUS", "ENROLLED", "EXPIRES", "ID"], ...rows]);
}

export function tokenFacts(token: EnrollmentToken): string {
  const facts: (readonly [string, string | null | undefined | false])[] = [
    ["Name", token.name],
    ["ID", token.id],
    ["Description", token.description],
    ["Status", token.status],
    ["Scope", scopeText(token)],
    ["Enrolled", enrolledText(token)],
    ["Refused", token.refusedAttempts > 0 && String(token.refusedAttempts)],
    ["Expires", token.expiresAt ?? "never"],
    ["Created", `${token.createdAt} by ${token.createdBy}`],
    ["Last used", token.lastUsedAt ?? "never"],
    ["Paused", token.pausedAt && `${token.pausedAt} by ${token.pausedBy}`],
    ["Revoked", token.revokedAt && `${token.revokedAt} by ${token.revokedBy}`],
    ["Succeeds", token.rotatedFrom?.name],
    ["Succeeded by", token.rotatedTo?.name],
    ...TOKEN_SETTING_NAMES.map((name) => [TOKEN_SETTINGS[name].label, settingText(token, name)] as const),
    ["Warnings", token.warnings.join(", ")],
    ["Value ends in", token.hint],
  ];
  return table(facts.flatMap(([name, value]) => (value ? [[`${name}:`, value]] : [])));
}

function scopeText({ scope }: Pick<EnrollmentToken, "scope">): string {
  if (scope.type === "all-assets") return "all assets";
  return scope.assetGroup.deleted ? `${scope.assetGroup.name} (deleted)` : scope.assetGroup.name;
}

/** Returns a rule as the flag accepts it, and any other value in words. */
function settingText(token: EnrollmentToken, name: TokenSettingName): string | undefined {
  return TOKEN_SETTINGS[name].kind === "choice"
    ? String(token[name])
    : describeTokenSetting(name, token[name]);
}

function enrolledText({
  enrolledSensors,
  maxEnrollments,
}: Pick<EnrollmentToken, "enrolledSensors" | "maxEnrollments">): string {
  return maxEnrollments === null ? String(enrolledSensors) : `${enrolledSensors} of ${maxEnrollments}`;
}
