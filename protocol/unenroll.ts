// POST /sensor/v1/unenroll: the sensor ends its own enrollment before it is removed from the host.
import { z } from "zod";
import { hostFacts } from "./enroll.ts";
import { route } from "./route.ts";

export const unenroll = route({
  name: "sensor.unenroll",
  method: "POST",
  path: "/sensor/v1/unenroll",
  access: "sensor",
  accepts: ["unsettled", "awaiting-approval", "blocked"],
  tag: "For sensors",
  summary: "Unenroll the sensor. The server revokes its key and keeps its reports",
  body: z.strictObject({
    host: hostFacts.optional().meta({
      description:
        "As in a check-in. Required from an instance that has not checked in, so that a clone cannot unenroll the original",
    }),
  }),
  status: 204,
  problems: ["state-conflict"],
});
