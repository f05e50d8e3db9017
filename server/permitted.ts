// Determines whether a user may take an action, for the `can` field of objects and for enforcement.
import type { Can } from "@attacklens/protocol/page.ts";
import {
  hasPermission,
  lowestRole,
  needsRole,
  type Permission,
  USER_PERMISSIONS,
} from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { User } from "./caller.ts";

/**
 * Returns `can` for every action. `obstacle` is the table of a noun: it returns a sentence with the state
 * that prevents the action and the next step, or undefined. `requirePossible` enforces the same table.
 */
export function permitted<A extends string>(
  user: User,
  permission: Permission,
  actions: readonly A[],
  obstacle: (action: A) => string | undefined,
): Record<A, Can> {
  const missing = permissionObstacle(user, permission);
  const isLow = !hasPermission(user.role, permission);
  const role = isLow ? { needsRole: lowestRole(permission) } : {};
  const can = actions.map((action) => [action, { ...canOf(missing ?? obstacle(action)), ...role }] as const);
  return Object.fromEntries(can) as Record<A, Can>;
}

function canOf(reason: string | undefined): Can {
  return reason === undefined ? { allowed: true } : { allowed: false, reason };
}

/** Throws state-conflict with the same reason as `can`. */
export function requirePossible(obstacle: string | undefined): void {
  if (obstacle !== undefined) throw new Problem("state-conflict", obstacle);
}

/**
 * Throws sign-in-not-recent if the user did not sign in or confirm their identity a short time ago. It limits
 * what a stolen or unattended session can do. API keys and the command line on the server host are exempt.
 * For routes with `recentSignIn: "in-part"`; the others are checked before their handlers.
 */
export function requireRecentSignIn({ session }: User): void {
  if (session === undefined || session.isRecent) return;
  throw new Problem("sign-in-not-recent", "Confirm that it is you to continue");
}

/** Returns the reason why the user lacks the permission, or undefined if the user has it. */
export function permissionObstacle(user: User, permission: Permission): string | undefined {
  if (!hasPermission(user.role, permission)) return needsRole(lowestRole(permission));
  if (user.apiKey && USER_PERMISSIONS.includes(permission))
    return `${permission === "users:manage" ? "Users" : "API keys"} are managed by users, not by API keys`;
  return undefined;
}
