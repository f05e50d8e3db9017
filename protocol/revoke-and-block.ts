// Revoke and block: what a user does after a token's value has leaked. The preview counts the sensors first.
import { z } from "zod";
import { enrollmentToken } from "./enrollment-tokens.ts";
import { enrollmentTokenId } from "./ids.ts";
import { route } from "./route.ts";
import { sensor } from "./sensors.ts";
import { instantInput } from "./text.ts";

const params = z.strictObject({ id: enrollmentTokenId });

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
  path: "/api/v1/enrollment-tokens/{id}/preview",
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
  path: "/api/v1/enrollment-tokens/{id}/revoke-and-block",
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
