// POST /sensor/v1/check-in: the sensor says it is there and names what it has by hash; the server says what it wants.
import { z } from "zod";
import { caPin } from "./connection.ts";
import { checkInIntervalSeconds, hostFacts, publicKey } from "./enroll.ts";
import { CATEGORIES, category } from "./inventory/categories.ts";
import { route } from "./route.ts";
import { fact, instant, sha256Hex } from "./text.ts";
import { protocolVersion } from "./version.ts";

/** How the collection of one category went, and what it gave. */
export const categoryReport = z
  .discriminatedUnion("status", [
    z.strictObject({
      status: z.literal("collected"),
      root: sha256Hex.meta({ description: "Names the whole category, see inventory chunks" }),
    }),
    z.strictObject({ status: z.literal("failed"), reason: fact(500) }),
    z.strictObject({ status: z.literal("unsupported") }),
  ])
  .meta({ id: "CategoryReport" });
export type CategoryReport = z.infer<typeof categoryReport>;

/** In a body that tells of the inventory. */
export const collectedAt = instant.optional().meta({
  description:
    "When what is reported was collected, by the sensor's clock as corrected by the server's; absent: now. Taken as not later than now, and not earlier than what is stored",
});

export const checkIn = route({
  name: "sensor.checkIn",
  method: "POST",
  path: "/sensor/v1/check-in",
  access: "sensor",
  tag: "For sensors",
  accepts: ["unsettled"],
  summary: "Check in; learn which categories the server does not have as they are now",
  body: z.strictObject({
    protocolVersion,
    sensorVersion: fact(40).min(1),
    host: hostFacts
      .optional()
      .meta({ description: "In every check-in from a start of the sensor until one is answered" }),
    trusts: z
      .array(caPin)
      .max(20)
      .optional()
      .meta({ description: "Pins of the private CA's roots that the sensor trusts; absent: the system's" }),
    collectedAt,
    inventory: z
      .partialRecord(category, categoryReport)
      .optional()
      .meta({ description: "Absent: nothing collected this time" }),
  }),
  status: 200,
  output: z.object({
    serverTime: instant,
    checkInIntervalSeconds,
    wanted: z.array(category).max(CATEGORIES.length).meta({
      description: "Categories whose root no sensor of the same asset group has reported; to be PUT",
    }),
    serverKey: publicKey.optional().meta({ description: "Signs the server's refusals" }),
    held: z.boolean().optional().meta({
      description:
        "The report was not taken: another start of this sensor may hold its key; the next check-ins will tell",
    }),
    trustedCertificates: z.array(z.string().max(4_000)).max(20).optional().meta({
      description:
        "Roots of the private CA in PEM, to trust in place of those that `trusts` named; absent: no change",
    }),
    newKeyWanted: z
      .boolean()
      .optional()
      .meta({ description: "The key is old: announce another at /sensor/v1/keys" }),
  }),
});
