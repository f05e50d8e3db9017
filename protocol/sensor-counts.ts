// The numbers of sensors: one small reply for a fleet of any size.
import { z } from "zod";
import { assetGroupId, enrollmentTokenId } from "./ids.ts";
import { reference } from "./page.ts";
import { route } from "./route.ts";
import { SENSOR_STATUSES } from "./sensors.ts";

/** Maximum number of versions, tokens and groups in a reply: the ones with the most sensors. */
export const MAX_LISTED_COUNTS = 1_000;

const sensors = z.int().meta({ description: "Number of sensors", example: 4200 });
const most = `The ${MAX_LISTED_COUNTS} with the most sensors, the largest first`;

export const sensorCounts = z
  .object({
    sensors: sensors.meta({ description: "Sensors that are listed: not removed, replaced or deleted" }),
    byStatus: z
      .array(z.object({ status: z.enum(SENSOR_STATUSES), sensors }))
      .meta({ description: "Each status, in order of precedence. The other numbers are of listed sensors" }),
    byPlatform: z.array(z.object({ platform: z.enum(["linux", "windows", "darwin"]), sensors })),
    byVersion: z.array(z.object({ version: z.string(), sensors })).meta({ description: most }),
    byEnrollmentToken: z
      .array(
        z.object({
          enrollmentToken: reference(enrollmentTokenId).extend({ deleted: z.boolean() }),
          sensors,
        }),
      )
      .meta({ description: most }),
    byAssetGroup: z
      .array(z.object({ assetGroup: reference(assetGroupId).nullable(), sensors }))
      .meta({ description: `${most}; null: sensors in no asset group` }),
    tags: z.array(z.string()).meta({ description: "The tags of assets, in order" }),
  })
  .meta({ id: "SensorCounts" });
export type SensorCounts = z.infer<typeof sensorCounts>;

export const countSensors = route({
  name: "sensors.counts",
  method: "GET",
  path: "/api/v1/sensor-counts",
  access: "sensors:read",
  tag: "Sensors",
  summary: "Count the sensors by status, platform, version, enrollment token and asset group",
  status: 200,
  output: sensorCounts,
});
