// Enrollment tokens authenticate sensors when they enroll. Only the reply to the creation contains the value.
import { z } from "zod";
import { assetGroupId, enrollmentTokenId } from "./ids.ts";
import { listedActions } from "./obstacles.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { isPlainText } from "./plain-text.ts";
import { route } from "./route.ts";
import { instant, instantInput, label } from "./text.ts";
import { TOKEN_OBSTACLES } from "./token-obstacles.ts";
import { newTokenSettingsShape, tokenSettingsShape } from "./token-settings.ts";

/** In order of precedence: the first that applies is the status. */
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
    hint: z.string().length(4).meta({ description: "Last four characters of the value" }),
    createdAt: instant,
    createdBy: z.string().meta({ description: "Name of the user" }),
    expiresAt: instant.nullable().meta({ description: "null: no expiry" }),
    status: z.enum(TOKEN_STATUSES),
    revokedAt: instant.nullable(),
    revokedBy: z.string().nullable(),
    pausedAt: instant.nullable(),
    pausedBy: z.string().nullable(),
    enrolledSensors: z.int().meta({ description: "Sensors that enrolled with it, including deleted ones" }),
    lastUsedAt: instant.nullable().meta({ description: "When a sensor last enrolled with it" }),
    refusedAttempts: z
      .int()
      .meta({ description: "Refused attempts with its value, by the 10,000 hosts that were refused last" }),
    rotatedFrom: reference(enrollmentTokenId)
      .nullable()
      .meta({ description: "The token that was rotated to this one" }),
    rotatedTo: reference(enrollmentTokenId)
      .nullable()
      .meta({ description: "The latest token that this one was rotated to" }),
    warnings: z.array(z.enum(TOKEN_WARNINGS)).meta({
      description:
        "expires-soon: within 7 days, and used in the last 7; nearly-used-up: 90% or more of its uses; unused: for 30 days; no-expiry: it does not expire",
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

/** A token as a row of a list. */
export const listedToken = enrollmentToken
  .omit({ can: true })
  .extend(listedActions(TOKEN_OBSTACLES))
  .meta({ id: "ListedEnrollmentToken" });
export type ListedToken = z.infer<typeof listedToken>;

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
  output: page(listedToken),
});

export const createEnrollmentToken = route({
  name: "enrollmentTokens.create",
  method: "POST",
  path: base,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary:
    "Create an enrollment token. The reply contains its value, which is not stored and cannot be retrieved later",
  body: z.strictObject({
    name: label,
    description: description.default(""),
    ...newTokenSettingsShape,
    scope: z
      .discriminatedUnion("type", [
        z.strictObject({ type: z.literal("all-assets") }),
        z
          .strictObject({
            type: z.literal("asset-group"),
            assetGroupId: assetGroupId.optional(),
            assetGroupName: label
              .optional()
              .meta({ description: "Instead of the id. If there is no such group, it is created" }),
          })
          .refine((scope) => (scope.assetGroupId === undefined) !== (scope.assetGroupName === undefined), {
            path: ["assetGroupId"],
            message: "must be given, or assetGroupName instead of it",
          }),
      ])
      .meta({ description: "Assets of its sensors are added to this group; `all-assets`: to none" }),
    expiresAt: instantInput.nullable().meta({
      description: "In the future; null: valid until revoked or deleted",
      example: "2026-12-01T18:00:00Z",
    }),
  }),
  creates: true,
  showsSecret: true,
  status: 201,
  output: z.object({
    enrollmentToken,
    value: z.string().meta({ description: "`atl_enr_` and 49 characters. Shown only once" }),
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
  // To extend the expiry or the number of uses.
  recentSignIn: "in-part",
  tag: "Enrollment tokens",
  summary:
    "Change an enrollment token. Absent fields keep their values. The scope and the value of a token never change",
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
  summary: "Pause an enrollment token. No sensor can enroll until it is resumed",
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
    "Create a successor with the same settings and a new value. The old token is valid until `oldExpiresAt`",
  params,
  body: z.strictObject({
    name: label.meta({ description: "Name of the successor" }),
    expiresAt: instantInput.nullable().meta({ description: "Expiry of the successor; null: no expiry" }),
    oldExpiresAt: instantInput.meta({
      description: "Expiry of the old token; now or earlier: it expires immediately",
    }),
  }),
  creates: true,
  showsSecret: true,
  status: 201,
  output: z.object({
    enrollmentToken,
    value: z.string().meta({ description: "`atl_enr_` and 49 characters. Shown only once" }),
  }),
  problems: ["name-taken", "state-conflict"],
});

export const revokeEnrollmentToken = route({
  name: "enrollmentTokens.revoke",
  method: "POST",
  path: `${base}/{id}/revoke`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Revoke an enrollment token permanently. No sensor can enroll; enrolled sensors keep reporting",
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
  summary: "Delete an enrollment token permanently. Its sensors keep reporting and still show its name",
  params,
  status: 204,
});
