// A signed release: the manifest with the hash of each file, signed by a release key, and the list of release
// keys, signed by a root key. Servers check it before they offer a file, sensors before they run one.
import { z } from "zod";
import { canonicalJson, type Json } from "../canonical-json.ts";
import { publicKey } from "../enroll.ts";
import { instant, sha256Hex } from "../text.ts";

/** Of a signed release as a file. */
export const MAX_RELEASE_BYTES = 256 * 1024;
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
export const MAX_FILES = 200;
export const MAX_RELEASE_KEYS = 16;

/** The files that the server makes. No release contains a file with such a name. */
export const MANIFEST_FILE = "manifest.json";
export const CA_FILE = "ca.pem";

/** Calendar-based: year, month and patch, e.g. `2026.11.0`. */
export const releaseVersion = z
  .string()
  .regex(/^\d{4}\.\d{1,2}\.\d{1,4}$/, "must be a version such as 2026.11.0")
  .meta({ example: "2026.11.0" });

/** A name without folders, which is safe in a URL, in a shell and on every file system. */
export const releaseFileName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be a plain file name")
  .refine((name) => ![MANIFEST_FILE, CA_FILE].includes(name), "is a name that the server uses")
  .meta({ example: "attacklens-sensor-linux-x64" });

/** `program`: the program itself. The others are packages that contain it. */
export const RELEASE_FORMATS = ["program", "deb", "rpm", "msi"] as const;

const counter = z.int().min(1);

const releaseFile = z.object({
  name: releaseFileName,
  program: z.enum(["sensor", "server"]),
  /** A pattern and not a list: an older server also offers targets that a later release adds. */
  target: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+){1,3}$/, "must be a target such as linux-x64")
    .max(40)
    .meta({ example: "linux-x64-musl" }),
  format: z.enum(RELEASE_FORMATS),
  size: z.int().min(1).max(MAX_FILE_BYTES).meta({ description: "In bytes" }),
  sha256: sha256Hex,
});
export type ReleaseFile = z.infer<typeof releaseFile>;

/** Unknown members are allowed, and signed: a later release may add some. */
export const releaseManifest = z.object({
  version: releaseVersion,
  counter: counter.meta({ description: "Higher in every later manifest. No program accepts a lower one" }),
  created: instant,
  expires: instant.meta({ description: "No update uses the manifest after this time" }),
  files: z.array(releaseFile).min(1).max(MAX_FILES).superRefine(refuseRepeated),
});
export type ReleaseManifest = z.infer<typeof releaseManifest>;

/** A later list, with a higher serial, replaces all keys of an earlier one. */
export const releaseKeys = z.object({
  serial: counter,
  created: instant,
  keys: z
    .array(z.object({ publicKey, validFrom: instant, validUntil: instant }))
    .min(1)
    .max(MAX_RELEASE_KEYS),
});
export type ReleaseKeys = z.infer<typeof releaseKeys>;

const signature = z.object({
  publicKey: publicKey.meta({ description: "Of the key that signed" }),
  /** Ed25519 (RFC 8032): 64 bytes. */
  value: z.string().regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, "must be 64 bytes in base64url without padding"),
});
export type Signature = z.infer<typeof signature>;

/** The release keys with the signatures of one or more root keys. One of them must be trusted. */
export const signedReleaseKeys = z.object({
  releaseKeys,
  rootSignatures: z.array(signature).min(1).max(MAX_RELEASE_KEYS),
});
export type SignedReleaseKeys = z.infer<typeof signedReleaseKeys>;

/** manifest.json. */
export const signedRelease = signedReleaseKeys.extend({
  manifest: releaseManifest,
  signature,
});
export type SignedRelease = z.infer<typeof signedRelease>;

export type SignedPart = "manifest" | "releaseKeys";

/**
 * The bytes that a key signs: a line that says what they are, so that no signature of one fits the other, and
 * the canonical JSON (RFC 8785) of the part as it was received.
 */
export function signedBytes(part: SignedPart, value: Json): Uint8Array<ArrayBuffer> {
  const title = { manifest: "attacklens-release-manifest-1", releaseKeys: "attacklens-release-keys-1" }[part];
  return new TextEncoder().encode(`${title}\n${canonicalJson(value)}`);
}

/** Case does not count: macOS and Windows would take two names for one file. */
function refuseRepeated(files: { name: string }[], context: z.core.$RefinementCtx): void {
  const names = new Set(files.map(({ name }) => name.toLowerCase()));
  if (names.size < files.length) context.addIssue({ code: "custom", message: "must not repeat a file name" });
}
