// Lost sensors: hosts whose server does not know them any more, because it lost its data or was restored to older data.
import { z } from "zod";

/** When a token makes a lost sensor a new one without a command on the host. */
export const LOST_SENSOR_RULES = ["new-pin", "always", "never"] as const;
export type LostSensorRule = (typeof LOST_SENSOR_RULES)[number];

export const lostSensorRule = z.enum(LOST_SENSOR_RULES).meta({
  description:
    "Whether `enroll` makes a host a new sensor if the server no longer knows it: only if the command gives a CA pin that the host does not have yet (new-pin), always, or never. Each takes one use",
});
