// The hosts that arrive with a token: what an open page shows while an operator deploys sensors.
import { z } from "zod";
import { enrollmentAttempt } from "./enrollment-attempts.ts";
import { enrollmentTokenId, sensorId } from "./ids.ts";
import { page, reference } from "./page.ts";
import { route } from "./route.ts";
import { instant, instantInput } from "./text.ts";

/** The states of an enrolled sensor, without its presence: only `reporting` and `pending` are usual. */
export const ARRIVAL_STATES = [
  "reporting",
  "pending",
  "awaiting-approval",
  "blocked",
  "uninstalled",
  "replaced",
  "removed",
  "deleted",
] as const;
export type ArrivalState = (typeof ARRIVAL_STATES)[number];

/** Maximum number of refused hosts, and of re-enrolled hosts, in one reply. */
export const MAX_LISTED_REFUSALS = 20;

const otherSensor = reference(sensorId).extend({ deleted: z.boolean() });

export const arrival = z
  .object({
    sensor: otherSensor,
    state: z.enum(ARRIVAL_STATES).meta({
      description:
        "reporting: its first inventory is complete; pending: it is not; awaiting-approval, blocked, uninstalled, replaced, removed: like the status of the sensor; deleted: an operator deleted the sensor",
    }),
    enrolledAt: instant,
    reportedAt: instant.nullable().meta({
      description: "When the first inventory was complete; null: it is not complete yet",
    }),
    address: z.string().meta({ description: "As the server last saw it" }),
    cloneOf: otherSensor.nullable().meta({
      description: "The sensor whose key this host used before; null: not a clone",
    }),
    match: reference(sensorId).nullable().meta({
      description: "An offline sensor that may be the same host; null: none, or an operator has decided",
    }),
    replaces: reference(sensorId).nullable().meta({
      description: "The sensor whose history this one continues after a merge; null: none",
    }),
  })
  .meta({ id: "Arrival" });
export type Arrival = z.infer<typeof arrival>;

export const listArrivals = route({
  name: "arrivals.list",
  method: "GET",
  path: "/api/v1/enrollment-tokens/{id}/arrivals",
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary:
    "List the sensors that enrolled with a token since an instant, newest first, with counts and with the hosts that were refused",
  params: z.strictObject({ id: enrollmentTokenId }),
  query: z.strictObject({
    since: instantInput.optional().meta({
      description:
        "By the server's clock. Absent: from now on. Use `since` of that reply in the next requests",
      example: "2026-11-24T09:30:00.000Z",
    }),
    cursor: z.string().max(2_000).optional().meta({
      description: "`nextCursor` of the previous page, with the same `since`",
    }),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  status: 200,
  output: page(arrival).extend({
    since: instant,
    at: instant.meta({ description: "The server's clock, to compute how long ago something happened" }),
    counts: z
      .object({
        enrolled: z.int().meta({ description: "Sensors that enrolled since, in any state" }),
        byState: z.record(z.enum(ARRIVAL_STATES), z.int()),
        refused: z
          .int()
          .meta({ description: "Hosts whose last attempt since was refused and that have no sensor" }),
      })
      .meta({ description: "Exact, for any number of arrivals" }),
    refusals: z.array(enrollmentAttempt).meta({
      description: `The refused hosts without a sensor, the latest attempt first, at most ${MAX_LISTED_REFUSALS}`,
    }),
    reEnrolled: z.array(z.object({ sensor: otherSensor, at: instant })).meta({
      description: `Sensors of this token that a host took over with a re-enrollment ticket since, newest first, at most ${MAX_LISTED_REFUSALS}. They enrolled before and do not count as enrolled`,
    }),
  }),
});
export type Arrivals = z.infer<typeof listArrivals.output>;
