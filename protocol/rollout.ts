// A rollout: the hosts that are expected to enroll with a token, and those that have enrolled.
import { z } from "zod";
import { ARRIVAL_STATES } from "./arrivals.ts";
import { REFUSAL_REASONS } from "./enrollment-attempts.ts";
import { enrollmentTokenId, sensorId } from "./ids.ts";
import { isPlainText } from "./plain-text.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

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
              "reporting: its sensor reports; arrived: it has enrolled, and its sensor does not report, for the reason in `sensorState`; refused: its last attempt was refused; missing: never seen",
          }),
          reason: z.enum(REFUSAL_REASONS).nullable().meta({ description: "Only of a refused host" }),
          sensorId: sensorId.nullable(),
          sensorState: z
            .enum(ARRIVAL_STATES)
            .nullable()
            .meta({ description: "State of its sensor; null: it has none" }),
          firstSeenAt: instant
            .nullable()
            .meta({ description: "First attempt with this token, refused or not; null: never seen" }),
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

/** The time that a timeline shows. `all`: from the first attempt. */
export const TIMELINE_RANGES = ["all", "hour", "day", "week"] as const;
export type TimelineRange = (typeof TIMELINE_RANGES)[number];
/** Maximum number of bars. */
export const MAX_TIMELINE_BUCKETS = 60;

export const getTimeline = route({
  name: "rollout.timeline",
  method: "GET",
  path: `${path}/timeline`,
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary: "Count the arrivals of a token over time",
  params,
  query: z.strictObject({
    range: z.enum(TIMELINE_RANGES).default("all").meta({
      description: "all: from the first attempt to shortly after the last; the others end now",
    }),
  }),
  status: 200,
  output: z
    .object({
      bucketSeconds: z.int().meta({ description: "Length of each bucket", example: 60 }),
      buckets: z
        .array(
          z.object({
            at: instant.meta({ description: "Start" }),
            enrolled: z.int().meta({ description: "Sensors that enrolled" }),
            refused: z
              .int()
              .meta({ description: "Refusals: one for each host and reason, at the first attempt" }),
          }),
        )
        .meta({
          description: `In order, without a gap, at most ${MAX_TIMELINE_BUCKETS}; empty: no host has used the token`,
        }),
    })
    .meta({ id: "Timeline" }),
});
export type Timeline = z.infer<typeof getTimeline.output>;
