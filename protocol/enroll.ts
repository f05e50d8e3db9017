// POST /sensor/v1/enroll: a sensor trades the token for an identity of its own.
import { z } from "zod";
import { caPin } from "./connection.ts";
import { TOKEN_REFUSALS } from "./enrollment-attempts.ts";
import { assetGroupId, sensorId } from "./ids.ts";
import { lostSensorRule } from "./lost-sensors.ts";
import { reference } from "./page.ts";
import { publicKeyError } from "./public-key.ts";
import { route } from "./route.ts";
import { fact, instant } from "./text.ts";
import { protocolVersion } from "./version.ts";

/** An Ed25519 public key (RFC 8032): 32 bytes, base64url without padding. */
export const publicKey = z
  .string()
  // The last character holds four bits: with other values of the two spare ones, one key would have four texts.
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "must be 32 bytes in base64url without padding")
  .superRefine((text, context) => {
    const message = /^[\w-]{43}$/.test(text) ? publicKeyError(text) : undefined;
    if (message) context.addIssue({ code: "custom", message });
  })
  .meta({ example: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });

/** A timer of more than 24.8 days (2^31 ms) would fire at once; nobody wants a sensor to be silent for more than an hour. */
export const MAX_CHECK_IN_INTERVAL_SECONDS = 3_600;
export const checkInIntervalSeconds = z
  .int()
  .min(1)
  .max(MAX_CHECK_IN_INTERVAL_SECONDS)
  .meta({ description: "Seconds until the next check-in", example: 60 });

/** What the host says of itself. It suggests which asset the sensor belongs to; it decides nothing. */
export const hostFacts = z
  .strictObject({
    hostname: fact(253).min(1).meta({ example: "web-01" }),
    platform: z.enum(["linux", "windows", "darwin"]),
    architecture: z.enum(["amd64", "arm64"]),
    osName: fact(200).meta({ example: "Debian GNU/Linux" }),
    osVersion: fact(200).meta({ example: "12 (bookworm)" }),
    machineId: fact(100).optional().meta({ description: "machine-id(5) or its like, lower case" }),
    productUuid: fact(100).optional().meta({ description: "SMBIOS system UUID, lower case" }),
    serialNumber: fact(200).optional(),
    cloudInstanceId: fact(200).optional(),
    macs: z.array(fact(60)).max(64).default([]),
    addresses: z.array(fact(60)).max(256).default([]),
  })
  .meta({ id: "HostFacts" });
export type HostFacts = z.infer<typeof hostFacts>;

/** An Ed25519 signature (RFC 8032): 64 bytes, base64url without padding. */
const proof = z
  .string()
  .regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, "must be 64 bytes in base64url without padding")
  .meta({
    description: "Ed25519 signature of `attacklens-sensor-key <sensor id> <publicKey>` by the new key",
  });

const enrollBody = z.strictObject({
  publicKey: publicKey.meta({
    description: "Of the key pair that the host generated",
  }),
  protocolVersion,
  sensorVersion: fact(40).min(1).meta({ example: "2026.11.0" }),
  host: hostFacts,
});

/** For a host that trusts the system's roots: what it saw on the way may be another's. */
const certificate = caPin.nullish().meta({
  description:
    "Pin of the certificate that the server shows; null: it ends no TLS itself. Another one seen by the host is a proxy's",
});

const enrolled = z.object({
  sensorId,
  assetGroup: reference(assetGroupId)
    .nullable()
    .meta({ description: "The group that the token decides; null: none" }),
  awaitingApproval: z
    .boolean()
    .default(false)
    .meta({ description: "A person has to approve the sensor first; its requests are refused until then" }),
  checkInIntervalSeconds,
  serverTime: instant,
  serverKey: publicKey
    .optional()
    .meta({ description: "Signs the server's refusals; the same from all servers of an installation" }),
  certificate,
});

export const enroll = route({
  name: "sensor.enroll",
  method: "POST",
  path: "/sensor/v1/enroll",
  access: "enrollment-token",
  isSignedByNewKey: true,
  tag: "For sensors",
  summary: "Enroll a sensor with a token; the same key with the same token gets the same sensor again",
  body: enrollBody,
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
  summary: "Give a sensor another key with a ticket of its own; the key that it had is refused at once",
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
  summary: "Announce the sensor's next key: both are valid until the new one has signed a request",
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
    "For a host that was refused as sensor-cloned: become a sensor of its own, under the token's rule for clones",
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
  summary: "Tell a host what would come of enrolling with a token now; spends no use and is in no ledger",
  body: z.strictObject({ hostname: fact(253).min(1) }),
  status: 200,
  output: z.object({
    serverTime: instant,
    address: z.string().meta({ description: "Where the request came from, as the server saw it" }),
    refusal: z
      .object({ code: z.enum(TOKEN_REFUSALS), detail: z.string() })
      .nullable()
      .meta({ description: "Why it would be refused; null: it would be accepted" }),
    assetGroup: reference(assetGroupId).nullable(),
    awaitingApproval: z.boolean().meta({ description: "A person would have to approve the sensor first" }),
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
    "Ask whether the server knows the sensor and its key; changes nothing. Any refusal but sensor-unknown, signature-invalid and key-replaced means that it does",
  body: z.strictObject({}),
  status: 204,
});
