// POST /sensor/v1/goodbye: the program is being removed from the host, and its key with it.
import { z } from "zod";
import { route } from "./route.ts";

export const goodbye = route({
  name: "sensor.goodbye",
  method: "POST",
  path: "/sensor/v1/goodbye",
  access: "sensor",
  summary: "Say that the sensor is uninstalled: its key is refused from then on, what it reported stays",
  body: z.strictObject({}),
  status: 204,
});
