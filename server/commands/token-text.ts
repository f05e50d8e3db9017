// Tokens as a terminal shows them: a table for many, facts for one. Pure.
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";

export function tokenTable(tokens: readonly EnrollmentToken[]): string {
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
  const facts: [string, string | null | undefined | false][] = [
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
    ["Networks", token.allowedNetworks.join(", ")],
    ["Hostnames", token.allowedHostnames.join(", ")],
    ["Tags", token.tags.join(", ")],
    ["Approval", token.requireApproval && "required"],
    ["Ephemeral", token.ephemeralHours !== null && `removed after ${token.ephemeralHours} hours offline`],
    ["Clones", token.clonedHosts],
    ["Reinstalls", token.reimagedHosts],
    ["Lost sensors", token.reEnrollLost],
    ["Warnings", token.warnings.join(", ")],
    ["Value ends in", token.hint],
  ];
  return table(facts.flatMap(([name, value]) => (value ? [[`${name}:`, value]] : [])));
}

function scopeText({ scope }: EnrollmentToken): string {
  if (scope.type === "all-assets") return "all assets";
  return scope.assetGroup.deleted ? `${scope.assetGroup.name} (deleted)` : scope.assetGroup.name;
}

function enrolledText({ enrolledSensors, maxEnrollments }: EnrollmentToken): string {
  return maxEnrollments === null ? String(enrolledSensors) : `${enrolledSensors} of ${maxEnrollments}`;
}

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => Bun.stringWidth(row[column]!))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + " ".repeat(Math.max(0, widths[column]! - Bun.stringWidth(cell))))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
