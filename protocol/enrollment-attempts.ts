// The ledger of enrollment attempts: every attempt with a token's real value, accepted or refused.
import { z } from "zod";
import { enrollmentTokenId, sensorId } from "./ids.ts";
import { page, pageQuery } from "./page.ts";
import type { ProblemCode } from "./problems.ts";
import { route } from "./route.ts";
import { instant, instantInput } from "./text.ts";
import { timeZone } from "./time-zone.ts";

/** The reasons for which a token refuses a host. */
export const TOKEN_REFUSALS = [
  "token-revoked",
  "token-expired",
  "token-group-deleted",
  "token-used-up",
  "token-paused",
  "network-not-allowed",
  "hostname-not-allowed",
] as const satisfies readonly ProblemCode[];
/** sensor-cloned: the token's rule rejects the clone, or there are too many clones. */
export const REFUSAL_REASONS = [...TOKEN_REFUSALS, "sensor-cloned"] as const satisfies readonly ProblemCode[];
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export const enrollmentAttempt = z
  .object({
    id: z.string().meta({ example: "enr_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f" }),
    reference: z.string().meta({
      description: "The sensor prints it when it is refused. One for each key and reason",
      example: "E-7KQ2M9XT04BC",
    }),
    enrollmentToken: z.object({ id: enrollmentTokenId, name: z.string(), deleted: z.boolean() }),
    outcome: z.enum(["accepted", "refused"]),
    reason: z.enum(REFUSAL_REASONS).nullable().meta({
      description:
        "null: accepted. A refused clone may wait for approval without a use of the token. Then `sensor` is set",
    }),
    detail: z
      .string()
      .nullable()
      .meta({ description: "Detail of the refusal", example: "10.2.3.4 is outside 10.1.0.0/16" }),
    at: instant.meta({ description: "Time of the last attempt" }),
    firstAt: instant,
    attempts: z.int().meta({
      description: "Number of attempts. A host that retries and is refused for the same reason has one entry",
    }),
    address: z.string().meta({ description: "As the server saw it" }),
    hostname: z.string().meta({ description: "Reported by the host; not verified" }),
    sensor: z
      .object({ id: sensorId, hostname: z.string(), deleted: z.boolean() })
      .nullable()
      .meta({ description: "The sensor that this attempt or a later one with the same key created" }),
  })
  .meta({ id: "EnrollmentAttempt" });
export type EnrollmentAttempt = z.infer<typeof enrollmentAttempt>;

export const listEnrollmentAttempts = route({
  name: "enrollmentAttempts.list",
  method: "GET",
  path: "/api/v1/enrollment-attempts",
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary:
    "List enrollment attempts, newest first. `q` finds a reference, a part of a hostname, or an address",
  query: pageQuery(["at"], "desc").extend({
    enrollmentTokenId: enrollmentTokenId.optional(),
    outcome: z.enum(["accepted", "refused"]).optional(),
    from: instantInput.optional().meta({ description: "Only attempts at or after this time" }),
    until: instantInput.optional().meta({ description: "Only attempts before this time" }),
  }),
  status: 200,
  output: page(enrollmentAttempt),
});

/** Maximum number of days in the reply. */
export const MAX_ENROLLMENT_DAYS = 90;

export const enrollmentDays = z
  .object({
    days: z
      .array(
        z.object({
          from: instant,
          until: instant.meta({ description: "The start of the next day" }),
          accepted: z.int(),
          refused: z.int(),
        }),
      )
      .meta({
        description: "The oldest first. Each number is the total of the list of attempts in this time",
      }),
  })
  .meta({ id: "EnrollmentDays" });
export type EnrollmentDays = z.infer<typeof enrollmentDays>;

export const getEnrollmentDays = route({
  name: "enrollmentAttempts.days",
  method: "GET",
  path: "/api/v1/enrollment-days",
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary: "Count the enrollment attempts of the last days",
  query: z.strictObject({
    timeZone: timeZone.default("UTC").meta({ description: "Of the days", example: "Europe/Berlin" }),
    days: z.coerce.number().int().min(1).max(MAX_ENROLLMENT_DAYS).default(14),
  }),
  status: 200,
  output: enrollmentDays,
});
