// What a user needs to see first: the steps that a new installation lacks, and how many objects need
// attention. Each number is the total of the list that its description names.
import { z } from "zod";
import { route } from "./route.ts";
import { instant } from "./text.ts";

/** A sensor that was not seen for longer needs attention. */
export const LONG_OFFLINE_DAYS = 7;
/** Refusals of this time need attention. */
export const RECENT_REFUSAL_HOURS = 24;

const count = z.int().min(0);

export const overview = z
  .object({
    setup: z
      .object({
        assetGroup: z.boolean(),
        enrollmentToken: z.boolean(),
        sensor: z.boolean().meta({ description: "A sensor has enrolled" }),
        report: z.boolean().meta({ description: "A sensor has reported its inventory" }),
      })
      .meta({ description: "The first steps of an installation, in order: true when done" }),
    attention: z.object({
      awaitingApproval: count.meta({ description: "Sensors with the status awaiting-approval" }),
      possibleDuplicates: count.meta({ description: "Sensors of the list with `match=any`" }),
      tokensExpiringSoon: count.meta({ description: "Enrollment tokens with `warning=expires-soon`" }),
      tokensNearlyUsedUp: count.meta({ description: "Enrollment tokens with `warning=nearly-used-up`" }),
      refusals: z.object({
        from: instant,
        attempts: count.meta({ description: "Refused enrollment attempts since `from`" }),
      }),
      longOffline: z.object({
        seenBefore: instant,
        sensors: count.meta({
          description: `Sensors with the status offline, last seen before \`seenBefore\`: for ${LONG_OFFLINE_DAYS} days`,
        }),
      }),
    }),
  })
  .meta({ id: "Overview" });
export type Overview = z.infer<typeof overview>;

export const getOverview = route({
  name: "overview.get",
  method: "GET",
  path: "/api/v1/overview",
  access: "sensors:read",
  tag: "Sensors",
  summary: "Get the first steps of the installation, and how many objects need attention",
  status: 200,
  output: overview,
});
