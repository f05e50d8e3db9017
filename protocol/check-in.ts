// POST /sensor/v1/check-in: the sensor reports the hashes of its inventory, and the server requests the
// categories that it does not have.
import { z } from "zod";
import { agreementKey, serverAgreement } from "./agreement-key.ts";
import { caPin } from "./ca-pin.ts";
import { checkInIntervalSeconds, hostFacts, publicKey } from "./enroll.ts";
import { CATEGORIES } from "./inventory/categories.ts";
import { category } from "./inventory/category.ts";
import { durationMs, gaps, totalItems } from "./inventory/gap.ts";
import { chunkNames, missingChunks } from "./inventory/manifest.ts";
import { PLAIN_STATUSES, REASONED_STATUSES } from "./inventory/results.ts";
import { protocolVersion } from "./protocol-version.ts";
import { route } from "./route.ts";
import { fact, instant, sha256Hex } from "./text.ts";
import { updateReport } from "./updates.ts";

/** The result of collecting one category. */
export const categoryReport = z
  .discriminatedUnion("status", [
    z.strictObject({
      status: z.literal("collected"),
      root: sha256Hex.meta({ description: "Hash of the whole category, see inventory chunks" }),
      chunks: chunkNames.optional().meta({
        description: "The chunk names in bucket order. Saves a request if the server lacks the content",
      }),
      totalItems: totalItems.optional(),
      gaps: gaps.optional(),
      durationMs: durationMs.optional(),
    }),
    z.strictObject({
      status: z.enum(REASONED_STATUSES).meta({
        description:
          "too-slow: the sensor ended the collection; not-permitted: the sensor must not read it; absent: the host has none of it; failed: for another reason",
      }),
      reason: fact(500),
      durationMs: durationMs.optional(),
    }),
    z.strictObject({
      status: z.enum(PLAIN_STATUSES).meta({
        description:
          "unsupported: the sensor does not collect it on this platform; switched-off: by the owner of the host",
      }),
    }),
  ])
  .meta({ id: "CategoryReport" });
export type CategoryReport = z.infer<typeof categoryReport>;

export const collectedAt = instant.optional().meta({
  description:
    "When the inventory was collected, by the sensor's clock after correction by the server's; absent: now. The server limits it to the time between the stored report and now",
});

export const checkIn = route({
  name: "sensor.checkIn",
  method: "POST",
  path: "/sensor/v1/check-in",
  access: "sensor",
  tag: "For sensors",
  accepts: ["unsettled"],
  acceptsMac: true,
  summary: "Check in. The reply lists the categories to upload",
  body: z.strictObject({
    protocolVersion,
    sensorVersion: fact(40).min(1),
    host: hostFacts.optional().meta({
      description:
        "Required in the check-ins of an instance until one returns with `undecided` absent or false",
    }),
    trustedPins: z
      .array(caPin)
      .max(20)
      .optional()
      .meta({ description: "Pins of the private CA's roots that the sensor trusts; absent: the system's" }),
    update: updateReport
      .optional()
      .meta({ description: "Required in the first check-in of an instance; absent later: no change" }),
    agreementKey: agreementKey.optional().meta({
      description:
        "Announces the X25519 key of this instance, for the MACs of its next requests; absent: no change. Signed with Ed25519",
    }),
    collectedAt,
    inventory: z
      .partialRecord(category, categoryReport)
      .optional()
      .meta({ description: "Absent: nothing was collected" }),
  }),
  status: 200,
  output: z.object({
    serverTime: instant,
    checkInIntervalSeconds,
    wanted: z.array(category).max(CATEGORIES.length).meta({
      description: "Categories to upload: no sensor of the same asset group has reported this root",
    }),
    missing: z.partialRecord(category, missingChunks).optional().meta({
      description: "Of the categories in `wanted` whose chunk names the check-in has; absent: of none",
    }),
    serverKey: publicKey
      .optional()
      .meta({ description: "Public key that verifies the server's signed refusals" }),
    agreement: serverAgreement.optional().meta({
      description:
        "Present if the server accepts the announced key, and if a MAC had an earlier key of the server",
    }),
    undecided: z.boolean().optional().meta({
      description:
        "The report was not stored: another instance may own the sensor's key. The next check-ins decide",
    }),
    trustedCertificates: z.array(z.string().max(4_000)).max(20).optional().meta({
      description:
        "Roots of the private CA in PEM, to trust instead of those in `trustedPins`; absent: no change",
    }),
    rotateKey: z
      .boolean()
      .optional()
      .meta({ description: "The key is due for rotation: announce the next one at /sensor/v1/keys" }),
  }),
});
