import { expect, test } from "bun:test";
import { changePassword } from "@attacklens/protocol/account.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { validateBody } from "./form-schema.ts";

const validate = validateBody<{ name: string; tags: string[]; groupId: string | null; uses: number }>({
  schema: createEnrollmentToken.body,
  toBody: ({ name, tags, groupId, uses }) => ({
    name,
    tags,
    scope: groupId === "all" ? { type: "all-assets" } : { type: "asset-group", assetGroupId: groupId },
    maxEnrollments: uses,
    expiresAt: "",
  }),
  renamed: { maxEnrollments: "uses", "scope.assetGroupId": "groupId" },
});
const valid = { name: "Production", tags: [], groupId: "all", uses: 5 };

test("a valid form has no errors, and fields outside the form are not validated", () => {
  expect(validate(valid)).toEqual({});
});

test("shows the server's message at the matching field of the form", () => {
  expect(validate({ ...valid, uses: 0.5, tags: ["pci", "x".repeat(51)] })).toEqual({
    uses: "Must be a whole number",
    tags: "Entry 2 must have at most 50 characters",
  });
  expect(validate({ ...valid, uses: Number.NaN }).uses).toBe("Must be a whole number");
  expect(validate({ ...valid, groupId: "grp_1" }).groupId).toStartWith("Must be an id such as grp_");
});

test("an empty field is required", () => {
  expect(validate({ ...valid, name: " ", groupId: null })).toEqual({ name: "Required", groupId: "Required" });
});

test("a new password and its repetition must be the same", () => {
  const validate = validateBody<{ currentPassword: string; newPassword: string; repeat: string }>({
    schema: changePassword.body.strip(),
    repeated: "newPassword",
  });
  const values = {
    currentPassword: "x",
    newPassword: "correct horse battery",
    repeat: "correct horse battery",
  };
  expect(validate(values)).toEqual({});
  expect(validate({ ...values, repeat: "correct horse" })).toEqual({ repeat: "The passwords do not match" });
});
