// Enrollment tokens: what authenticates sensors at their first registration. The value is in the creating reply, nowhere else.
import { z } from "zod";
import { assetGroupId, enrollmentTokenId } from "./ids.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { route } from "./route.ts";
import { instant, instantInput, isPlainText, label } from "./text.ts";
import { newTokenSettingsShape, tokenSettingsShape } from "./token-settings.ts";

/** In the order in which they are decided: the first that holds is the status. */
export const TOKEN_STATUSES = ["revoked", "expired", "group-deleted", "used-up", "paused", "active"] as const;
export type TokenStatus = (typeof TOKEN_STATUSES)[number];

export const TOKEN_WARNINGS = ["expires-soon", "nearly-used-up", "unused", "no-expiry"] as const;
export type TokenWarning = (typeof TOKEN_WARNINGS)[number];

const description = z
  .string()
  .max(1_000, "must have at most 1000 characters")
  .refine(
    (text) => text.split("\n").every((line) => isPlainText(line)),
    "must not contain control or bidirectional characters",
  )
  .transform((text) => text.trim());

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
    description: z.string(),
    ...tokenSettingsShape,
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
    pausedAt: instant.nullable(),
    pausedBy: z.string().nullable(),
    enrolledSensors: z.int().meta({ description: "Sensors that it brought in, deleted ones included" }),
    lastUsedAt: instant.nullable().meta({ description: "When it last brought in a sensor" }),
    refusedAttempts: z
      .int()
      .meta({ description: "Attempts with its value that were refused, of the 10,000 hosts refused last" }),
    rotatedFrom: reference(enrollmentTokenId)
      .nullable()
      .meta({ description: "The token that this one succeeds" }),
    rotatedTo: reference(enrollmentTokenId)
      .nullable()
      .meta({ description: "The latest token that succeeds this one" }),
    warnings: z.array(z.enum(TOKEN_WARNINGS)).meta({
      description:
        "expires-soon: within 7 days, though used in the last 7; nearly-used-up: 90% or more; unused: for 30 days; no-expiry",
    }),
    can: z.object({
      edit: can,
      pause: can,
      resume: can,
      revoke: can,
      rotate: can,
      revokeAndBlock: can,
      delete: can,
    }),
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
  tag: "Enrollment tokens",
  summary: "List enrollment tokens",
  query: pageQuery(
    ["createdAt", "name", "scope", "createdBy", "expiresAt", "status", "enrolledSensors", "lastUsedAt"],
    "desc",
  ).extend({
    status: z.enum(TOKEN_STATUSES).optional(),
    assetGroupId: assetGroupId.optional(),
    warning: z
      .enum(["any", ...TOKEN_WARNINGS])
      .optional()
      .meta({ description: "Only tokens with this warning" }),
  }),
  status: 200,
  output: page(enrollmentToken),
});

export const createEnrollmentToken = route({
  name: "enrollmentTokens.create",
  method: "POST",
  path: base,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary:
    "Create an enrollment token; the reply holds its value, which is not stored and cannot be had again",
  body: z.strictObject({
    name: label,
    description: description.default(""),
    ...newTokenSettingsShape,
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
  creates: true,
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
  tag: "Enrollment tokens",
  summary: "Get an enrollment token, without its value",
  params,
  status: 200,
  output: enrollmentToken,
});

export const updateEnrollmentToken = route({
  name: "enrollmentTokens.update",
  method: "PATCH",
  path: `${base}/{id}`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Change an enrollment token; what is absent stays. Its scope and its value never change",
  params,
  body: z
    .strictObject({
      name: label,
      description,
      expiresAt: instantInput
        .nullable()
        .meta({ description: "In the future; null: no expiry", example: "2026-12-01T18:00:00Z" }),
      ...tokenSettingsShape,
    })
    .partial()
    .refine((body) => Object.keys(body).length > 0, "must change something"),
  status: 200,
  output: enrollmentToken,
  problems: ["name-taken", "state-conflict"],
});

export const pauseEnrollmentToken = route({
  name: "enrollmentTokens.pause",
  method: "POST",
  path: `${base}/{id}/pause`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Pause an enrollment token: no new enrollments until it is resumed",
  params,
  status: 200,
  output: enrollmentToken,
  problems: ["state-conflict"],
});

export const resumeEnrollmentToken = route({
  name: "enrollmentTokens.resume",
  method: "POST",
  path: `${base}/{id}/resume`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Resume a paused enrollment token",
  params,
  status: 200,
  output: enrollmentToken,
  problems: ["state-conflict"],
});

export const rotateEnrollmentToken = route({
  name: "enrollmentTokens.rotate",
  method: "POST",
  path: `${base}/{id}/rotate`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary:
    "Make a successor with the same settings and a value of its own; the old token works until the date given",
  params,
  body: z.strictObject({
    name: label.meta({ description: "Of the successor" }),
    expiresAt: instantInput.nullable().meta({ description: "Of the successor; null: no expiry" }),
    oldExpiresAt: instantInput.meta({
      description: "Until when the old token works; now or earlier: not at all from now on",
    }),
  }),
  creates: true,
  status: 201,
  output: z.object({
    enrollmentToken,
    value: z.string().meta({ description: "`atl_enr_` and 49 characters; shown this once" }),
  }),
  problems: ["name-taken", "state-conflict"],
});

export const revokeEnrollmentToken = route({
  name: "enrollmentTokens.revoke",
  method: "POST",
  path: `${base}/{id}/revoke`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Revoke an enrollment token for good: no new enrollments, sensors already enrolled go on",
  params,
  status: 200,
  output: enrollmentToken,
  problems: ["state-conflict"],
});

export const deleteEnrollmentToken = route({
  name: "enrollmentTokens.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Delete an enrollment token for good; sensors it enrolled go on and keep naming it",
  params,
  status: 204,
});
