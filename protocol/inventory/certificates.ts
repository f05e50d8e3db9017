import { z } from "zod";
import { fact, sha256Hex } from "../text.ts";
import { factTime } from "./fact-times.ts";

/** A certificate of this host, X.509: of a server or a client program, not of the list of trusted roots. */
export const certificateItem = z
  .strictObject({
    key: fact(1_100).min(1).meta({
      example: "/etc/letsencrypt/live/example.org/fullchain.pem",
      description: "Its place, so that a renewed certificate keeps its key",
    }),
    name: fact(300).min(1).meta({
      example: "example.org",
      description: "Common name, else the first alternative name, else the place's last part",
    }),
    subject: fact(1_000).meta({ example: "CN=example.org" }),
    issuer: fact(1_000).meta({ example: "C=US, O=Let's Encrypt, CN=R11" }),
    alternativeNames: z
      .array(fact(300))
      .max(200)
      .meta({ example: ["example.org", "www.example.org"] }),
    serialNumber: fact(100).meta({ description: "Hexadecimal, lower case" }),
    fingerprint: sha256Hex.meta({ description: "SHA-256 of the certificate" }),
    notBefore: factTime,
    notAfter: factTime,
    keyType: fact(40).optional().meta({ example: "rsa", description: "rsa, ec, ed25519, …" }),
    keyBits: z.int().min(0).optional(),
    signatureAlgorithm: fact(100).optional().meta({ example: "sha256WithRSAEncryption" }),
    selfSigned: z.boolean(),
    authority: z.boolean().meta({ description: "It may sign other certificates" }),
    path: fact(1_000).meta({
      example: "/etc/letsencrypt/live/example.org/fullchain.pem",
      description: "The file, or the store of the system. In a file with several, the first one",
    }),
    usedBy: z
      .array(fact(100))
      .max(50)
      .meta({
        example: ["nginx"],
        description: "Programs whose configuration names it; empty: found in a usual folder",
      }),
  })
  .meta({ id: "Certificate" });
