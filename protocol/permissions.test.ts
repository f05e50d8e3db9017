import { expect, test } from "bun:test";
import { hasPermission, lowestRole, PERMISSIONS, type Permission, ROLES } from "./permissions.ts";

const OF_ADMINS: Permission[] = ["audit:read", "system:read"];

test("each role includes the roles below it, and every role can read all but what is for Admins", () => {
  for (const permission of PERMISSIONS) {
    const allowed = ROLES.map((role) => hasPermission(role, permission));
    expect(allowed).toEqual(
      ROLES.map((role) => ROLES.indexOf(role) >= ROLES.indexOf(lowestRole(permission))),
    );
    if (permission.endsWith(":read") && !OF_ADMINS.includes(permission)) expect(allowed).not.toContain(false);
    if (permission.endsWith(":manage")) expect(hasPermission("viewer", permission)).toBe(false);
  }
});
