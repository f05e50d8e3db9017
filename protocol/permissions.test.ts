import { expect, test } from "bun:test";
import { hasPermission, lowestRole, PERMISSIONS, ROLES } from "./permissions.ts";

test("each role includes the roles below it, and every role can read all but the audit log", () => {
  for (const permission of PERMISSIONS) {
    const allowed = ROLES.map((role) => hasPermission(role, permission));
    expect(allowed).toEqual(
      ROLES.map((role) => ROLES.indexOf(role) >= ROLES.indexOf(lowestRole(permission))),
    );
    if (permission.endsWith(":read") && permission !== "audit:read") expect(allowed).not.toContain(false);
    if (permission.endsWith(":manage")) expect(hasPermission("viewer", permission)).toBe(false);
  }
});
