// How sensors reach this installation: the address and the CA pin in enrollment commands.
import { z } from "zod";
import { route } from "./route.ts";
import { instant, sha256Hex } from "./text.ts";

/**
 * `sha256:` and the SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 5280, section 4.1), lower-case hex.
 */
export const caPin = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 characters of 0-9 and a-f")
  .meta({ example: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" });

export const getConnection = route({
  name: "connection.get",
  method: "GET",
  path: "/api/v1/connection",
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary: "Get the address for sensors, and the pin of the private CA if there is one",
  status: 200,
  output: z.object({
    sensorUrl: z.string().nullable().meta({ description: "null: the console's own address" }),
    caPin: caPin.nullable().meta({
      description: "For `--ca-pin`; null: the certificate is from a public CA or belongs to a proxy",
    }),
    caSha256: sha256Hex.nullable().meta({
      description:
        "SHA-256 of `/download/ca.pem`, for the command that installs a sensor; null: the same as for `caPin`",
    }),
    certificateExpiresAt: instant
      .nullable()
      .meta({ description: "null: this server does not terminate TLS" }),
  }),
});

/** Safe over an untrusted connection: the sensor accepts only a root that matches the pin. */
export const getRoots = route({
  name: "sensor.getRoots",
  method: "GET",
  path: "/sensor/v1/roots",
  access: "public",
  tag: "For sensors",
  summary:
    "Get the roots of the private CA, for sensors whose TLS library does not expose the root. Trust only a root that matches the pin",
  status: 200,
  output: z.object({
    certificates: z.array(z.string()).meta({
      description:
        "PEM, newest first: each self-signed root that sensors may trust. Empty: the certificate is not from a private CA",
    }),
  }),
});
