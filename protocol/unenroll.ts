// POST /sensor/v1/unenroll: the program is being removed from the host, and its key with it.
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
  summary: "Unenroll the sensor: its key is refused from then on, what it reported stays",
  body: z.strictObject({
    host: hostFacts.optional().meta({
      description:
        "As in a check-in. An instance that has not checked in states them, so that a clone cannot unenroll the original",
    }),
  }),
  status: 204,
  problems: ["state-conflict"],
});
