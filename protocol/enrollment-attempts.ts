// The use ledger: every attempt to enroll with a token's real value, accepted or refused.
import { z } from "zod";
import { enrollmentTokenId, sensorId } from "./ids.ts";
import { page, pageQuery } from "./page.ts";
import type { ProblemCode } from "./problems.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

/** Why a token refuses a host. */
export const TOKEN_REFUSALS = [
  "token-revoked",
  "token-expired",
  "token-group-deleted",
  "token-used-up",
  "token-paused",
  "network-not-allowed",
  "hostname-not-allowed",
] as const satisfies readonly ProblemCode[];
/** sensor-cloned: a clone that the token's rule rejects, or one too many. */
export const REFUSAL_REASONS = [...TOKEN_REFUSALS, "sensor-cloned"] as const satisfies readonly ProblemCode[];
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export const enrollmentAttempt = z
  .object({
    id: z.string().meta({ example: "enr_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f" }),
    reference: z.string().meta({
      description: "What the sensor prints when it is refused; one for each key and reason",
      example: "E-7KQ2M9XT04BC",
    }),
    enrollmentToken: z.object({ id: enrollmentTokenId, name: z.string(), deleted: z.boolean() }),
    outcome: z.enum(["accepted", "refused"]),
    reason: z.enum(REFUSAL_REASONS).nullable().meta({
      description:
        "null: accepted. A clone that is refused may wait for approval, without a use of the token: `sensor` names it then",
    }),
    detail: z
      .string()
      .nullable()
      .meta({ description: "What the refusal said", example: "10.2.3.4 is outside 10.1.0.0/16" }),
    at: instant.meta({ description: "Of the last of these attempts" }),
    firstAt: instant,
    attempts: z.int().meta({
      description: "How often: a host that tries again for the same reason is one entry",
    }),
    address: z.string().meta({ description: "As the server saw it" }),
    hostname: z.string().meta({ description: "As the host claims; not verified" }),
    sensor: z
      .object({ id: sensorId, hostname: z.string(), deleted: z.boolean() })
      .nullable()
      .meta({ description: "That came of it, at once or by a later attempt with the same key" }),
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
    "List attempts to enroll, newest first; `q` finds a reference, a part of a hostname, or an address",
  query: pageQuery(["at"], "desc").extend({
    enrollmentTokenId: enrollmentTokenId.optional(),
    outcome: z.enum(["accepted", "refused"]).optional(),
  }),
  status: 200,
  output: page(enrollmentAttempt),
});
