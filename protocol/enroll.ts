// Enrollment of sensors: with a token, with a re-enrollment ticket, and of clones; key rotation; and the two
// requests that check a token and a sensor without changing anything.
import { z } from "zod";
import { ed25519Signature } from "./agreement-key.ts";
import { caPin } from "./ca-pin.ts";
import { TOKEN_REFUSALS } from "./enrollment-attempts.ts";
import { assetGroupId, sensorId } from "./ids.ts";
import { lostSensorRule } from "./lost-sensors.ts";
import { reference } from "./page.ts";
import { protocolVersion } from "./protocol-version.ts";
import { PUBLIC_KEY_PATTERN, publicKeyError } from "./public-key.ts";
import { route } from "./route.ts";
import { fact, instant } from "./text.ts";
import {
  ARCHITECTURES,
  FACT_LENGTHS,
  MAX_ADDRESSES,
  MAX_MACS,
  PLATFORMS,
  parseUsualEnroll,
} from "./usual-enroll.ts";

/** An Ed25519 public key (RFC 8032): 32 bytes, base64url without padding. */
export const publicKey = z
  .string()
  .regex(PUBLIC_KEY_PATTERN, "must be 32 bytes in base64url without padding")
  .superRefine((text, context) => {
    const message = publicKeyError(text);
    if (message) context.addIssue({ code: "custom", message });
  })
  .meta({ example: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });

/**
 * No sensor should be silent for more than an hour. The value is also far below 24.8 days (2^31 ms): a longer
 * timer fires immediately.
 */
export const MAX_CHECK_IN_INTERVAL_SECONDS = 3_600;
export const checkInIntervalSeconds = z
  .int()
  .min(1)
  .max(MAX_CHECK_IN_INTERVAL_SECONDS)
  .meta({ description: "Seconds until the next check-in", example: 60 });

/**
 * Facts that the host reports about itself. They suggest which asset the sensor belongs to and prove nothing.
 */
export const hostFacts = z
  .strictObject({
    hostname: fact(FACT_LENGTHS.hostname).min(1).meta({ example: "web-01" }),
    platform: z.enum(PLATFORMS),
    architecture: z.enum(ARCHITECTURES),
    osName: fact(FACT_LENGTHS.osName).meta({ example: "Debian GNU/Linux" }),
    osVersion: fact(FACT_LENGTHS.osVersion).meta({ example: "12 (bookworm)" }),
    machineId: fact(FACT_LENGTHS.machineId)
      .optional()
      .meta({ description: "machine-id(5) or its equivalent, lower case" }),
    productUuid: fact(FACT_LENGTHS.productUuid)
      .optional()
      .meta({ description: "SMBIOS system UUID, lower case" }),
    serialNumber: fact(FACT_LENGTHS.serialNumber).optional(),
    cloudInstanceId: fact(FACT_LENGTHS.cloudInstanceId).optional(),
    macs: z.array(fact(FACT_LENGTHS.mac)).max(MAX_MACS).default([]),
    addresses: z.array(fact(FACT_LENGTHS.address)).max(MAX_ADDRESSES).default([]),
  })
  .meta({ id: "HostFacts" });
export type HostFacts = z.infer<typeof hostFacts>;

const proof = ed25519Signature.meta({
  description: "Ed25519 signature of `attacklens-sensor-key <sensor id> <publicKey>` by the new key",
});

const enrollBody = z.strictObject({
  publicKey: publicKey.meta({
    description: "Public key of the pair that the host generated",
  }),
  protocolVersion,
  sensorVersion: fact(FACT_LENGTHS.sensorVersion).min(1).meta({ example: "2026.11.0" }),
  host: hostFacts,
});

/** Lets a host that trusts the system's roots detect a proxy that inspects TLS. */
const certificate = caPin.nullish().meta({
  description:
    "Pin of the server's certificate; null: the server does not terminate TLS. If the host sees another certificate, a proxy presents it",
});

const enrolled = z.object({
  sensorId,
  assetGroup: reference(assetGroupId)
    .nullable()
    .meta({ description: "The asset group that the token assigns; null: none" }),
  awaitingApproval: z
    .boolean()
    .default(false)
    .meta({ description: "An operator must approve the sensor; the server refuses its requests until then" }),
  checkInIntervalSeconds,
  serverTime: instant,
  serverKey: publicKey.optional().meta({
    description:
      "Public key that verifies the server's signed refusals; the same on all servers of an installation",
  }),
  certificate,
});

export const enroll = route({
  name: "sensor.enroll",
  method: "POST",
  path: "/sensor/v1/enroll",
  access: "enrollment-token",
  isSignedByNewKey: true,
  tag: "For sensors",
  summary:
    "Enroll a sensor with a token. A repeated request with the same key and token returns the same sensor",
  body: enrollBody,
  parseUsual: parseUsualEnroll,
  status: 201,
  output: enrolled,
  problems: [
    "token-revoked",
    "token-expired",
    "token-group-deleted",
    "token-paused",
    "token-used-up",
    "network-not-allowed",
    "hostname-not-allowed",
    "sensor-blocked",
    "key-taken",
  ],
});

export const reEnroll = route({
  name: "sensor.reEnroll",
  method: "POST",
  path: "/sensor/v1/re-enroll",
  access: "re-enrollment-ticket",
  isSignedByNewKey: true,
  tag: "For sensors",
  summary:
    "Re-enroll a sensor with a ticket, which gives it a new key. The server refuses the previous key at once",
  body: enrollBody,
  status: 201,
  output: enrolled,
  problems: ["sensor-blocked", "key-taken", "state-conflict"],
});

export const replaceKey = route({
  name: "sensor.replaceKey",
  method: "POST",
  path: "/sensor/v1/keys",
  access: "sensor",
  tag: "For sensors",
  summary: "Announce the sensor's next key. Both keys are valid until the new one signs a request",
  body: z.strictObject({ publicKey, proof }),
  status: 204,
  problems: ["key-taken"],
});

export const enrollClone = route({
  name: "sensor.enrollClone",
  method: "POST",
  path: "/sensor/v1/clones",
  access: "sensor",
  accepts: ["unsettled", "clone", "awaiting-approval"],
  tag: "For sensors",
  summary:
    "Enroll a host that was refused with sensor-cloned as a new sensor, under the token's rule for cloned hosts",
  body: enrollBody.extend({ proof }),
  status: 201,
  output: enrolled,
  problems: ["key-taken", "state-conflict", "sensor-cloned"],
});

export const checkToken = route({
  name: "sensor.checkToken",
  method: "POST",
  path: "/sensor/v1/check",
  access: "enrollment-token",
  tag: "For sensors",
  summary: "Check whether a token would enroll this host. Takes no use and records no attempt",
  body: z.strictObject({ hostname: fact(FACT_LENGTHS.hostname).min(1) }),
  status: 200,
  output: z.object({
    serverTime: instant,
    address: z.string().meta({ description: "IP address of the request, as seen by the server" }),
    refusal: z
      .object({ code: z.enum(TOKEN_REFUSALS), detail: z.string() })
      .nullable()
      .meta({ description: "Why the enrollment would be refused; null: it would be accepted" }),
    assetGroup: reference(assetGroupId).nullable(),
    awaitingApproval: z.boolean().meta({ description: "An operator would have to approve the sensor" }),
    reEnrollLost: lostSensorRule.default("never"),
    certificate,
  }),
});

export const confirmSensor = route({
  name: "sensor.confirm",
  method: "POST",
  path: "/sensor/v1/confirm",
  access: "sensor",
  tag: "For sensors",
  summary:
    "Check that the server has the sensor with this key. Changes nothing. Any refusal except sensor-unknown, signature-invalid and key-replaced means that it does",
  body: z.strictObject({}),
  status: 204,
});
