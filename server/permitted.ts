// Whether a person may take an action, in the form that goes with every object to the console.
import type { Can } from "@attacklens/protocol/page.ts";
import { hasPermission, lowestRole, type Permission, ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import type { User } from "./route-handler.ts";

/** Allowed when the role has the permission and `obstacle`, a state that stands against it, is undefined. */
export function permitted(user: User, permission: Permission, obstacle?: string): Can {
  if (!hasPermission(user.role, permission)) return { allowed: false, reason: missingPermission(permission) };
  return obstacle === undefined ? { allowed: true } : { allowed: false, reason: obstacle };
}

export function missingPermission(permission: Permission): string {
  return `Needs the ${ROLE_NAMES[lowestRole(permission)]} role or a higher one`;
}
