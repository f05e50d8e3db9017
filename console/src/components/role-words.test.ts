import { expect, test } from "bun:test";
import { PERMISSIONS, ROLES } from "@attacklens/protocol/permissions.ts";
import { roleDescription } from "./role-words.ts";

test("a role is described by the permissions that it adds", () => {
  expect(roleDescription("viewer")).toMatch(/^Can read Enrollment Tokens, .* and [a-z]+$/);
  expect(roleDescription("posture-manager")).toMatch(/^Can also manage Enrollment Tokens, sensors/);
  expect(roleDescription("super-admin")).toContain("manage users");
});

test("each permission is named with its role", () => {
  const all = ROLES.map(roleDescription).join(" ").toLowerCase();
  for (const permission of PERMISSIONS) expect(all).toContain(permission.split(":")[0]!.replaceAll("-", " "));
});
