// For the publisher: makes root and release keys, signs the list of release keys with a root key, and signs a
// release with a release key. Private keys are in files, and never in an argument or in the output.
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { closeSync, fsyncSync, openSync, statSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { describeIssue, issueText } from "@attacklens/protocol/issue-text.ts";
import {
  MAX_FILE_BYTES,
  type ReleaseFile,
  type ReleaseKeys,
  releaseKeys as releaseKeysSchema,
  releaseManifest,
  type Signature,
  type SignedPart,
  type SignedRelease,
  type SignedReleaseKeys,
  signedBytes,
} from "@attacklens/protocol/releases/release.ts";
import type { z } from "zod";
import { readPemFile } from "../operator-file.ts";
import { digestOf } from "./durable-files.ts";
import { classifyFile } from "./release-files.ts";

const MAX_KEY_BYTES = 16 * 1024;

/**
 * Writes a new Ed25519 key to a new file that only its owner can read, encrypted if there is a passphrase.
 * Returns the public key in base64url.
 */
export function createSigningKey(path: string, passphrase: string): string {
  let { privateKey } = generateKeyPairSync("ed25519");
  // A public key that begins with a dash would look like an option where it is an argument.
  while (publicKeyOf(privateKey).startsWith("-")) ({ privateKey } = generateKeyPairSync("ed25519"));
  const encryption = passphrase === "" ? {} : { cipher: "aes-256-cbc", passphrase };
  const pem = privateKey.export({ format: "pem", type: "pkcs8", ...encryption });
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw error;
    throw new Error(
      `Cannot create the key: ${path} exists already\nhint: name a new file, or remove that one first`,
    );
  }
  try {
    writeSync(file, String(pem));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return publicKeyOf(privateKey);
}

/** `askPassphrase` is called for an encrypted key only. Throws Error for the operator. */
export async function readSigningKey(path: string, askPassphrase: () => Promise<string>): Promise<KeyObject> {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > MAX_KEY_BYTES) throw unusableKey(path, "it is not a key in PEM");
  const pem = readPemFile(path);
  const isEncrypted = /ENCRYPTED/.test(pem);
  const passphrase = isEncrypted ? await askPassphrase() : undefined;
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, passphrase });
  } catch {
    // The system's message may have parts of the file.
    throw unusableKey(
      path,
      isEncrypted ? "the passphrase does not open it" : "it is not a private key in PEM",
    );
  }
  if (key.asymmetricKeyType !== "ed25519") throw unusableKey(path, "it is not an Ed25519 key");
  return key;
}

function unusableKey(path: string, why: string): Error {
  return new Error(`Cannot use the key ${path}: ${why}\nhint: attacklens releases new-key creates a key`);
}

/** 32 bytes in base64url. */
export function publicKeyOf(key: KeyObject): string {
  return key.export({ format: "jwk" }).x as string;
}

/** Throws Error for the operator when a value is not allowed. */
export function signReleaseKeys(roots: readonly KeyObject[], keys: ReleaseKeys): SignedReleaseKeys {
  const releaseKeys = checked(releaseKeysSchema, keys, "Cannot sign the release keys");
  return { releaseKeys, rootSignatures: roots.map((root) => signPart(root, "releaseKeys", releaseKeys)) };
}

export interface ReleaseToSign {
  version: string;
  counter: number;
  createdAt: number;
  expiresAt: number;
  /** Paths of programs and packages. */
  files: readonly string[];
}

/** Hashes the files. Throws Error for the operator, e.g. for a file that is no program of ours. */
export function signRelease(key: KeyObject, keys: SignedReleaseKeys, release: ReleaseToSign): SignedRelease {
  const { version, counter, createdAt, expiresAt } = release;
  const own = publicKeyOf(key);
  const listed = keys.releaseKeys.keys.find(({ publicKey }) => publicKey === own);
  if (!listed)
    throw new Error(
      "Cannot sign the release: the key is not among the release keys\nhint: sign a list of release keys that has it: attacklens releases sign-keys",
    );
  if (createdAt < Date.parse(listed.validFrom) || createdAt >= Date.parse(listed.validUntil))
    throw new Error(
      `Cannot sign the release: the key is valid from ${listed.validFrom} until ${listed.validUntil}\nhint: sign a list of release keys with a key that is valid now: attacklens releases sign-keys`,
    );
  const manifest = checked(
    releaseManifest,
    {
      version,
      counter,
      created: new Date(createdAt).toISOString(),
      expires: new Date(expiresAt).toISOString(),
      files: release.files.map(describeFile).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    },
    "Cannot sign the release",
  );
  return { ...keys, manifest, signature: signPart(key, "manifest", manifest) };
}

function describeFile(path: string): ReleaseFile {
  const name = basename(path);
  const kind = classifyFile(name);
  if (kind === undefined)
    throw new Error(
      `Cannot sign ${path}: its name does not say which program it is for which target\nhint: keep the names of the build, e.g. attacklens-sensor-linux-x64`,
    );
  const { size, sha256 } = digestOf(path, MAX_FILE_BYTES);
  return { name, ...kind, size, sha256 };
}

function signPart(
  key: KeyObject,
  part: SignedPart,
  value: ReleaseKeys | z.infer<typeof releaseManifest>,
): Signature {
  const bytes = signedBytes(part, value as unknown as Json);
  return { publicKey: publicKeyOf(key), value: sign(null, bytes, key).toString("base64url") };
}

function checked<T>(schema: z.ZodType<T>, value: T, action: string): T {
  const result = schema.safeParse(value, { error: issueText });
  if (result.success) return result.data;
  const [issue] = result.error.issues.flatMap(describeIssue);
  throw new Error(`${action}: ${issue?.path.join(".")} ${issue?.message}`);
}
