// How sensors recognize the private CA of a server.
import { z } from "zod";

/**
 * `sha256:` and the SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 5280, section 4.1), lower-case hex.
 */
export const caPin = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 characters of 0-9 and a-f")
  .meta({ example: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" });
