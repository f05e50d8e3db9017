// Enrollment tokens: what authenticates sensors at their first registration. The value is in the creating reply, nowhere else.
import { z } from "zod";
import { assetGroupId, enrollmentTokenId } from "./ids.ts";
import { can, page, pageQuery } from "./page.ts";
import { route } from "./route.ts";
import { instant, instantInput, label } from "./text.ts";

export const TOKEN_STATUSES = ["active", "expired", "revoked", "group-deleted"] as const;
export type TokenStatus = (typeof TOKEN_STATUSES)[number];

export const enrollmentToken = z
  .object({
    id: enrollmentTokenId,
    name: z.string(),
    scope: z.discriminatedUnion("type", [
      z.object({ type: z.literal("all-assets") }),
      z.object({
        type: z.literal("asset-group"),
        assetGroup: z.object({ id: assetGroupId, name: z.string(), deleted: z.boolean() }),
      }),
    ]),
    hint: z
      .string()
      .length(4)
      .meta({ description: "Last four characters of the value, to tell tokens apart" }),
    createdAt: instant,
    createdBy: z.string().meta({ description: "Name of the person" }),
    expiresAt: instant.nullable().meta({ description: "null: no expiry" }),
    status: z.enum(TOKEN_STATUSES),
    revokedAt: instant.nullable(),
    revokedBy: z.string().nullable(),
    enrolledSensors: z.int().meta({ description: "Sensors that it brought in, deleted ones included" }),
    lastUsedAt: instant.nullable().meta({ description: "When it last brought in a sensor" }),
    can: z.object({ revoke: can, delete: can }),
  })
  .meta({ id: "EnrollmentToken" });
export type EnrollmentToken = z.infer<typeof enrollmentToken>;

const params = z.strictObject({ id: enrollmentTokenId });
const base = "/api/v1/enrollment-tokens";

export const listEnrollmentTokens = route({
  name: "enrollmentTokens.list",
  method: "GET",
  path: base,
  access: "enrollment-tokens:read",
  summary: "List enrollment tokens",
  query: pageQuery(["createdAt", "name", "expiresAt", "enrolledSensors"], "desc").extend({
    status: z.enum(TOKEN_STATUSES).optional(),
  }),
  status: 200,
  output: page(enrollmentToken),
});

export const createEnrollmentToken = route({
  name: "enrollmentTokens.create",
  method: "POST",
  path: base,
  access: "enrollment-tokens:manage",
  summary:
    "Create an enrollment token; the reply holds its value, which is not stored and cannot be had again",
  body: z.strictObject({
    name: label,
    scope: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("all-assets") }),
        z.strictObject({ type: z.literal("asset-group"), assetGroupId }),
      ])
      .meta({ description: "Sensors land in this group; `all-assets` assigns none" }),
    expiresAt: instantInput.nullable().meta({
      description: "In the future; null: valid until revoked or deleted",
      example: "2026-12-01T18:00:00Z",
    }),
  }),
  status: 201,
  output: z.object({
    enrollmentToken,
    value: z.string().meta({ description: "`atl_enr_` and 49 characters; shown this once" }),
  }),
  problems: ["name-taken"],
});

export const getEnrollmentToken = route({
  name: "enrollmentTokens.get",
  method: "GET",
  path: `${base}/{id}`,
  access: "enrollment-tokens:read",
  summary: "Get an enrollment token, without its value",
  params,
  status: 200,
  output: enrollmentToken,
});

export const revokeEnrollmentToken = route({
  name: "enrollmentTokens.revoke",
  method: "POST",
  path: `${base}/{id}/revoke`,
  access: "enrollment-tokens:manage",
  summary: "Revoke an enrollment token for good: no new enrollments, sensors already enrolled go on",
  params,
  status: 200,
  output: enrollmentToken,
});

export const deleteEnrollmentToken = route({
  name: "enrollmentTokens.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  access: "enrollment-tokens:manage",
  summary: "Delete an enrollment token for good; sensors it enrolled go on and keep naming it",
  params,
  status: 204,
});
