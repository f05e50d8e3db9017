// What the audit log records: one table of actions with their words, for the server, the command line and the
// console.

/** In the order of filters. */
export const AUDIT_ACTOR_TYPES = [
  "user",
  "api-key",
  "enrollment-token",
  "sensor",
  "system",
  "anonymous",
] as const;
export type AuditActorType = (typeof AUDIT_ACTOR_TYPES)[number];

/** The words for the types. */
export const AUDIT_ACTOR_NAMES: Record<AuditActorType, string> = {
  user: "User",
  "api-key": "API key",
  "enrollment-token": "Token",
  sensor: "Sensor",
  system: "System",
  anonymous: "Not signed in",
};

/** The kinds of entities, with their names in the middle of a sentence. */
export const AUDIT_ENTITY_TYPES = {
  user: "user",
  "api-key": "API key",
  "asset-group": "asset group",
  "enrollment-token": "enrollment token",
  sensor: "sensor",
  asset: "asset",
  view: "view",
  "update-ring": "update ring",
  "certificate-authority": "certificate authority",
  "audit-log": "audit log",
  "setup-link": "set-up link",
} as const;
export type AuditEntityType = keyof typeof AUDIT_ENTITY_TYPES;

/** The action in words. The part before the dot is the type of the entity. */
export const AUDIT_ACTIONS = {
  "user.created": "Created user",
  "user.invited": "Invited user",
  "user.invitation-renewed": "Renewed invitation",
  "user.invitation-withdrawn": "Withdrew invitation",
  "user.invitation-accepted": "Accepted invitation",
  "user.role-changed": "Changed role of user",
  "user.disabled": "Disabled user",
  "user.enabled": "Enabled user",
  "user.deleted": "Deleted user",
  "user.reset-link-created": "Created password reset link",
  "user.password-reset": "Reset password",
  "user.signed-in": "Signed in",
  "user.sign-in-failed": "Failed to sign in",
  "user.signed-out": "Signed out",
  "user.confirmed": "Confirmed password",
  "user.renamed": "Changed own name",
  "user.password-changed": "Changed own password",
  "user.session-revoked": "Ended session",
  "user.second-factor-added": "Added second factor",
  "user.second-factor-removed": "Removed second factor",
  "user.passkey-added": "Added passkey",
  "user.passkey-removed": "Removed passkey",
  "user.recovery-codes-replaced": "Replaced recovery codes",
  "api-key.created": "Created API key",
  "api-key.value-replaced": "Replaced value of API key",
  "api-key.revoked": "Revoked API key",
  "asset-group.created": "Created asset group",
  "asset-group.renamed": "Renamed asset group",
  "asset-group.deleted": "Deleted asset group",
  "enrollment-token.created": "Created enrollment token",
  "enrollment-token.value-replaced": "Replaced value of enrollment token",
  "enrollment-token.changed": "Changed enrollment token",
  "enrollment-token.paused": "Paused enrollment token",
  "enrollment-token.resumed": "Resumed enrollment token",
  "enrollment-token.rotated": "Rotated enrollment token",
  "enrollment-token.rollout-set": "Changed expected hosts",
  "enrollment-token.revoked": "Revoked enrollment token",
  "enrollment-token.deleted": "Deleted enrollment token",
  "sensor.enrolled": "Enrolled sensor",
  "sensor.approved": "Approved sensor",
  "sensor.approval-withdrawn": "Withdrew approval of sensor",
  "sensor.blocked": "Blocked sensor",
  "sensor.unblocked": "Unblocked sensor",
  "sensor.uninstalled": "Unenrolled sensor",
  "sensor.hostname-changed": "Changed hostname",
  "sensor.removed": "Removed ephemeral sensor",
  "sensor.clone-detected": "Detected clone",
  "sensor.ticket-created": "Created re-enrollment ticket",
  "sensor.ticket-value-replaced": "Replaced value of re-enrollment ticket",
  "sensor.re-enrolled": "Re-enrolled sensor",
  "sensor.replaced": "Merged sensor",
  "sensor.match-dismissed": "Dismissed possible duplicate",
  "sensor.merge-undone": "Undid merge",
  "sensor.deleted": "Deleted sensor",
  "asset.created": "Created asset",
  "asset.moved": "Moved asset",
  "asset.type-changed": "Changed asset type",
  "view.shared": "Shared view",
  "view.changed": "Changed shared view",
  "view.unshared": "Stopped sharing view",
  "view.deleted": "Deleted shared view",
  "update-ring.created": "Created update ring",
  "update-ring.changed": "Changed update ring",
  "update-ring.moved": "Changed order of update rings",
  "update-ring.paused": "Paused update ring",
  "update-ring.resumed": "Resumed update ring",
  "update-ring.retried": "Retried update",
  "update-ring.host-retried": "Retried update on host",
  "update-ring.stopped": "Stopped update ring after failures",
  "update-ring.deleted": "Deleted update ring",
  "certificate-authority.created": "Created certificate authority",
  "certificate-authority.rotated": "Rotated certificate authority",
  "certificate-authority.retired": "Retired certificate authority",
  "audit-log.exported": "Exported audit log",
  "setup-link.shown": "Showed new set-up link",
} as const;
export type AuditAction = keyof typeof AUDIT_ACTIONS;

/** The words of an action. An action of another release is its own name. */
export function auditActionWords(action: string): string {
  return Object.hasOwn(AUDIT_ACTIONS, action) ? AUDIT_ACTIONS[action as AuditAction] : action;
}
