// How sensors reach this installation: the address and the CA pin in enrollment commands.
import { z } from "zod";
import { caPin } from "./ca-pin.ts";
import { RELEASE_FORMATS, releaseFileName, releaseVersion } from "./releases/release.ts";
import { route } from "./route.ts";
import { instant, sha256Hex } from "./text.ts";

export const getConnection = route({
  name: "connection.get",
  method: "GET",
  path: "/api/v1/connection",
  access: "enrollment-tokens:read",
  tag: "Enrollment tokens",
  summary:
    "Get the address for sensors, the pin of the private CA if there is one, and the programs that hosts can install",
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
    release: z
      .object({
        version: releaseVersion,
        files: z
          .array(
            z.object({
              name: releaseFileName,
              target: z.string().meta({ example: "linux-x64" }),
              format: z.enum(RELEASE_FORMATS),
            }),
          )
          .meta({ description: "The files of the sensor that this server has" }),
      })
      .nullable()
      .meta({
        description:
          "The release that new hosts install; null: none was added, and the installation commands do not work",
      }),
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
