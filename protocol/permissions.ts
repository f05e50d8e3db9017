// Roles and permissions. The server enforces them on every route. The console reads its own permissions from
// /me.

export const ROLES = ["viewer", "posture-manager", "admin", "super-admin"] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_NAMES: Record<Role, string> = {
  viewer: "Viewer",
  "posture-manager": "Posture Manager",
  admin: "Admin",
  "super-admin": "Super Admin",
};

/** The lowest role that has each permission. Every role includes the roles below it. */
const LOWEST_ROLE = {
  "enrollment-tokens:read": "viewer",
  "enrollment-tokens:manage": "posture-manager",
  "sensors:read": "viewer",
  "sensors:manage": "posture-manager",
  "assets:read": "viewer",
  "assets:manage": "posture-manager",
  "updates:read": "viewer",
  /** Decides which program runs as root on every host, so it is a setting of the platform. */
  "updates:manage": "admin",
  "api-keys:manage": "admin",
  "system:read": "admin",
  "users:manage": "super-admin",
  /** Saves views of lists that others see, too. */
  "views:share": "posture-manager",
  /** Deletes shared views of others. */
  "views:manage": "admin",
  /** Everything that the audit log has, with addresses. The history of an entity needs its own permission. */
  "audit:read": "admin",
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof LOWEST_ROLE;
export const PERMISSIONS = Object.keys(LOWEST_ROLE) as Permission[];

export function hasPermission(role: Role, permission: Permission): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(LOWEST_ROLE[permission]);
}

/** API keys do not have these: a stolen key must not create credentials that outlive it. */
export const USER_PERMISSIONS: readonly Permission[] = ["api-keys:manage", "users:manage"];

/** The lowest role that has the permission, for error messages. */
export function lowestRole(permission: Permission): Role {
  return LOWEST_ROLE[permission];
}

/** Why a lower role may not take an action. */
export function needsRole(role: Role): string {
  return `Needs the ${ROLE_NAMES[role]} role or a higher one`;
}
