// Lost sensors: enrolled hosts that the server has no record of, because it lost its data or was restored
// from a backup.
import { z } from "zod";

/** When a token re-enrolls a lost sensor as a new one without a command on the host. */
export const LOST_SENSOR_RULES = ["new-pin", "always", "never"] as const;
export type LostSensorRule = (typeof LOST_SENSOR_RULES)[number];

export const lostSensorRule = z.enum(LOST_SENSOR_RULES).meta({
  description:
    "Whether `enroll` re-enrolls a host that the server has no record of as a new sensor: only if the command gives a CA pin that the host does not have yet (new-pin), always, or never. Each takes one use",
});
