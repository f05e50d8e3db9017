// Revokes a token and blocks sensors that enrolled with it, for example after its value has leaked. The
// preview counts them.
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
  summary: "Preview a change to an enrollment token: the sensors that enrolled with it and are not deleted",
  params,
  query: z.strictObject(touched),
  status: 200,
  output: z.object({
    sensors: z.int().meta({ description: "Sensors that enrolled with the token and are not deleted" }),
    online: z.int().meta({ description: "Those that are online now" }),
    blocked: z.int().meta({ description: "Those that are already blocked" }),
    toBlock: z.int().meta({ description: "Those that revoke-and-block would block with this query" }),
    sample: z
      .array(sensor.pick({ id: true, hostname: true, status: true, address: true, enrolledAt: true }))
      .meta({ description: "The first 100 sensors that would be blocked, in the order of their enrollment" }),
  }),
});

export const revokeAndBlockEnrollmentToken = route({
  name: "enrollmentTokens.revokeAndBlock",
  method: "POST",
  path: "/api/v1/enrollment-tokens/{id}/revoke-and-block",
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Revoke an enrollment token and block the sensors that the preview counts",
  params,
  body: z.strictObject({
    ...touched,
    expectedSensors: z.int().min(0).meta({
      description: "`toBlock` of the preview. If it has changed since, the request fails with state-conflict",
    }),
  }),
  status: 200,
  output: z.object({ enrollmentToken, blockedSensors: z.int() }),
  problems: ["state-conflict"],
});
