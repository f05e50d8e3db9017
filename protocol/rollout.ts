// A rollout: the hosts that are expected to enroll with a token, and those that have enrolled.
import { z } from "zod";
import { REFUSAL_REASONS } from "./enrollment-attempts.ts";
import { enrollmentTokenId, sensorId } from "./ids.ts";
import { route } from "./route.ts";
import { isPlainText } from "./text.ts";

/** Maximum number of hostnames of a rollout. */
export const MAX_EXPECTED_HOSTS = 10_000;

export const ROLLOUT_STATES = ["reporting", "arrived", "refused", "missing"] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];

const rollout = z
  .object({
    expected: z.int().nullable().meta({
      description: "Number of expected hosts; null: none are expected",
    }),
    enrolled: z.int().meta({ description: "Sensors that enrolled with the token, expected or not" }),
    counts: z
      .record(z.enum(ROLLOUT_STATES), z.int())
      .meta({ description: "Number of expected hosts in each state" }),
    unexpected: z
      .int()
      .meta({ description: "Sensors with a hostname that is not expected; 0 if hostnames are not given" }),
    hosts: z
      .array(
        z.object({
          hostname: z.string(),
          state: z.enum(ROLLOUT_STATES).meta({
            description:
              "reporting: its inventory has arrived; arrived: it has enrolled; refused: its last attempt was refused; missing: never seen",
          }),
          reason: z.enum(REFUSAL_REASONS).nullable(),
          sensorId: sensorId.nullable(),
        }),
      )
      .meta({
        description: "The expected hostnames, in the given order; empty if only a number is expected",
      }),
  })
  .meta({ id: "Rollout" });
export type Rollout = z.infer<typeof rollout>;

const params = z.strictObject({ id: enrollmentTokenId });
const path = "/api/v1/enrollment-tokens/{id}/rollout";

export const getRollout = route({
  name: "rollout.get",
  method: "GET",
  path,
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary: "Get the progress of a token's rollout",
  params,
  status: 200,
  output: rollout,
});

export const setRollout = route({
  name: "rollout.set",
  method: "PUT",
  path,
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Set the hosts that are expected to enroll with a token: their hostnames, a number, or none",
  params,
  bodyLimits: { bytes: 3 * 1024 * 1024, values: 2 * MAX_EXPECTED_HOSTS, items: MAX_EXPECTED_HOSTS },
  body: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("none") }),
    z.strictObject({ type: z.literal("number"), machines: z.int().min(1).max(1_000_000) }),
    z.strictObject({
      type: z.literal("hostnames"),
      hostnames: z
        .array(z.string().trim().toLowerCase().min(1).max(253).refine(isPlainText))
        .min(1)
        .max(MAX_EXPECTED_HOSTS)
        .meta({ description: "Case does not matter. A repeated hostname counts once" }),
    }),
  ]),
  status: 200,
  output: rollout,
});
