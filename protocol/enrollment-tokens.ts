// Enrollment tokens: what authenticates sensors at their first registration. The value is in the creating reply, nowhere else.
import { z } from "zod";
import { assetGroupId, enrollmentTokenId } from "./ids.ts";
import { lostSensorRule } from "./lost-sensors.ts";
import { can, page, pageQuery, reference } from "./page.ts";
import { route } from "./route.ts";
import { sensor } from "./sensors.ts";
import { instant, instantInput, isPlainText, label } from "./text.ts";

/** In the order in which they are decided: the first that holds is the status. */
export const TOKEN_STATUSES = ["revoked", "expired", "group-deleted", "used-up", "paused", "active"] as const;
export type TokenStatus = (typeof TOKEN_STATUSES)[number];

export const TOKEN_WARNINGS = ["expires-soon", "nearly-used-up", "unused", "no-expiry"] as const;
export type TokenWarning = (typeof TOKEN_WARNINGS)[number];

/** Uses that a token may be limited to at the most. */
export const MAX_ENROLLMENTS = 1_000_000;

export const CLONED_HOSTS_RULES = ["allow", "approval", "reject"] as const;
export type ClonedHostsRule = (typeof CLONED_HOSTS_RULES)[number];

export const REIMAGED_HOSTS_RULES = ["ask", "merge", "keep"] as const;
export type ReimagedHostsRule = (typeof REIMAGED_HOSTS_RULES)[number];

const description = z
  .string()
  .max(1_000, "must have at most 1000 characters")
  .refine(
    (text) => text.split("\n").every((line) => isPlainText(line)),
    "must not contain control or bidirectional characters",
  )
  .transform((text) => text.trim());

const limits = {
  maxEnrollments: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(MAX_ENROLLMENTS, `must be at most ${MAX_ENROLLMENTS}`)
    .nullable()
    .meta({ description: "How many sensors it may bring in; null: any number" }),
  allowedNetworks: z
    .array(z.string().trim().min(1).max(50))
    .max(100, "must be at most 100 networks")
    .meta({
      description: "Networks in CIDR notation (RFC 4632, RFC 4291) or single addresses; empty: from anywhere",
      example: ["10.1.0.0/16", "2001:db8::/32"],
    }),
  allowedHostnames: z
    .array(
      z
        .string()
        .trim()
        .min(1, "must not be empty")
        .max(253, "must have at most 253 characters")
        .refine((text) => /^[\p{L}\p{N}._*?-]+$/u.test(text), "may hold letters, digits, . - _ * and ?")
        .transform((text) => text.toLowerCase()),
    )
    .max(100, "must be at most 100 patterns")
    .meta({
      description: "Patterns, without regard to case: * any characters, ? one; empty: any hostname",
      example: ["web-*"],
    }),
  tags: z
    .array(
      z
        .string()
        .trim()
        .min(1, "must not be empty")
        .max(50, "must have at most 50 characters")
        .refine(isPlainText, "must not contain control or bidirectional characters"),
    )
    .max(20, "must be at most 20 tags")
    .meta({ description: "Given to the assets of the sensors that it brings in", example: ["pci"] }),
  requireApproval: z.boolean().meta({ description: "A sensor waits until a person approves it" }),
  ephemeralHours: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(8_760, "must be at most 8760")
    .nullable()
    .meta({ description: "Its sensors are removed after so many hours offline; null: never" }),
  clonedHosts: z.enum(CLONED_HOSTS_RULES).meta({
    description:
      "What becomes of a host that runs with the copied key of one of its sensors: it gets an identity of its own at once (allow), after a person's approval, or none (refuse)",
  }),
  reimagedHosts: z.enum(REIMAGED_HOSTS_RULES).meta({
    description:
      "What becomes of a sensor that it brings in on hardware whose former sensor is silent: a person decides (ask), it takes over the history by itself once it has reported and no hardware fact differs (merge), or both are kept (keep)",
  }),
  reEnrollLost: lostSensorRule,
};

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
    ...limits,
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
    maxEnrollments: limits.maxEnrollments.default(null),
    allowedNetworks: limits.allowedNetworks.default([]),
    allowedHostnames: limits.allowedHostnames.default([]),
    tags: limits.tags.default([]),
    requireApproval: limits.requireApproval.default(false),
    ephemeralHours: limits.ephemeralHours.default(null),
    clonedHosts: limits.clonedHosts.default("approval"),
    reimagedHosts: limits.reimagedHosts.default("ask"),
    reEnrollLost: limits.reEnrollLost.default("new-pin"),
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
      ...limits,
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

const touched = {
  since: instantInput.optional().meta({ description: "Only sensors enrolled at this time or later" }),
  network: z
    .string()
    .trim()
    .min(1)
    .max(50)
    .optional()
    .meta({ description: "Only sensors that enrolled from this network (CIDR)", example: "10.1.0.0/16" }),
};

export const previewEnrollmentToken = route({
  name: "enrollmentTokens.preview",
  method: "GET",
  path: `${base}/{id}/preview`,
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary: "What a change to the token touches: the sensors that it enrolled and that exist",
  params,
  query: z.strictObject(touched),
  status: 200,
  output: z.object({
    sensors: z.int().meta({ description: "That it enrolled and that exist" }),
    online: z.int().meta({ description: "Of these, online now" }),
    blocked: z.int().meta({ description: "Of these, blocked already" }),
    toBlock: z.int().meta({ description: "Of these, what revoke-and-block with this query would block" }),
    sample: z
      .array(sensor.pick({ id: true, hostname: true, status: true, address: true, enrolledAt: true }))
      .meta({ description: "The first 100 of what would be blocked, by hostname" }),
  }),
});

export const revokeAndBlockEnrollmentToken = route({
  name: "enrollmentTokens.revokeAndBlock",
  method: "POST",
  path: `${base}/{id}/revoke-and-block`,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Revoke an enrollment token and block sensors that it enrolled, as the preview counts them",
  params,
  body: z.strictObject({
    ...touched,
    expectedSensors: z.int().min(0).meta({
      description: "`toBlock` of the preview; refused with state-conflict when it is no longer so",
    }),
  }),
  status: 200,
  output: z.object({ enrollmentToken, blockedSensors: z.int() }),
  problems: ["state-conflict"],
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
