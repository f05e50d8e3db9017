// The sensor's identity: a key pair made on this host, whose private half never leaves it, and what the server calls us.

import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { publicKey } from "@attacklens/protocol/enroll.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { sensorId } from "@attacklens/protocol/ids.ts";
import { formatKeyFingerprint } from "@attacklens/protocol/key-fingerprint.ts";
import { instant } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import { SensorError } from "../sensor-error.ts";
import { systemReason } from "../system-reason.ts";
import { createFileAtomically, writeFileAtomically } from "./atomic-file.ts";
import { lockIdentity } from "./run-lock.ts";
import { findNewerState, STAMP, stampSchema } from "./state-version.ts";

const MAX_FILE_BYTES = 64 * 1024;

const keyPair = {
  publicKey,
  /** The 32 bytes of the private key (RFC 8032), base64url. */
  privateKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
};
const common = {
  ...stampSchema,
  server: z.url(),
  ...keyPair,
  /** Roots of the server's private CA, PEM: nothing else is trusted. Absent: the system's trust store. */
  ca: z.array(z.string()).min(1).optional(),
  /** The proxy that was given at enrollment, with its credentials. Absent: what the environment says. */
  proxy: z.url().optional(),
};
const identity = z.discriminatedUnion("state", [
  // On disk before the first request: whatever happens to the reply, trying again uses the same key.
  z.strictObject({ ...common, state: z.literal("enrolling") }),
  z.strictObject({
    ...common,
    state: z.literal("enrolled"),
    sensorId,
    enrolledAt: instant,
    /** Signs what the server refuses with. */
    serverKey: publicKey.optional(),
    /** To follow this key; which of the two the server takes is found by trying. */
    nextKey: z.strictObject(keyPair).optional(),
    /** For this host alone, where another one holds the key above too. */
    cloneKey: z.strictObject(keyPair).optional(),
  }),
]);

export type Identity = z.infer<typeof identity>;
export type KeyPair = Pick<Identity, "publicKey" | "privateKey">;
/** How the server is reached and known. */
export type Way = Pick<Identity, "ca" | "proxy">;
export type EnrolledIdentity = Extract<Identity, { state: "enrolled" }>;

export function identityPath(stateDir: string): string {
  return join(stateDir, "identity.json");
}

/** Where a key waits that is to take over an enrolled sensor by a ticket: the identity stays as it is until it has. */
function candidateFolder(stateDir: string): string {
  return join(stateDir, "re-enroll");
}

export function makeKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x, d } = privateKey.export({ format: "jwk" }) as { x: string; d: string };
  return { publicKey: x, privateKey: d };
}

/** A new key pair for a server, not yet on disk. */
export function makeIdentity(server: string): Identity {
  return { ...STAMP, state: "enrolling", server, ...makeKeyPair() };
}

/** Undefined when there is none. Throws SensorError, and changes nothing, when the file cannot be read or understood. */
export function readIdentity(stateDir: string): Identity | undefined {
  const path = identityPath(stateDir);
  let text: string;
  try {
    const stat = statSync(path);
    // A pipe would never end.
    if (!stat.isFile()) throw new Error(stat.isDirectory() ? "it is a folder" : "it is not a regular file");
    text = stat.size > MAX_FILE_BYTES ? "" : readFileSync(path, "utf8");
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOENT") return undefined;
    throw new SensorError(
      "identity",
      `Cannot read the identity in ${path}: ${systemReason(error)}`,
      code === "EACCES" ? "run the command as the user who enrolled the sensor, e.g. with sudo" : undefined,
    );
  }
  const parsed = identity.safeParse(parseJson(text));
  if (parsed.success && isKeyPair(parsed.data)) return parsed.data;
  const hasUnknownFields = parsed.error?.issues.every(({ code }) => code === "unrecognized_keys") ?? false;
  const newer = findNewerState(path, text, hasUnknownFields);
  if (newer) throw newer;
  throw new SensorError(
    "identity",
    `Cannot use the identity in ${path}: the file is damaged; it was not changed`,
    "restore it from a backup, or move it away and enroll again with a token",
  );
}

/** Removes the identity with its key, the status, and the key of an unfinished re-enrollment. */
export function removeIdentity(stateDir: string): void {
  for (const name of ["identity.json", "status.json"]) rmSync(join(stateDir, name), { force: true });
  removeCandidate(stateDir);
}

/** How the server is reached and known is for the command that is given now to say. */
export function goOnBy(way: Way, { ca: _ca, proxy: _proxy, ...earlier }: Identity): Identity {
  return { ...earlier, ...way };
}

/** The key that is to take a sensor over by a ticket, on disk: the one that was begun with, or a new one. */
export function claimCandidate(stateDir: string, server: string, way: Way): Identity {
  const claimed = changeIdentity(candidateFolder(stateDir), (earlier) =>
    earlier?.server === server ? earlier : { ...makeIdentity(server), ...way },
  );
  return goOnBy(way, claimed);
}

export function removeCandidate(stateDir: string): void {
  rmSync(candidateFolder(stateDir), { recursive: true, force: true });
}

/** Takes the right to read the file from everybody but its owner; true when others had it. Windows has no such rights. */
export function tightenIdentity(stateDir: string): boolean {
  if (process.platform === "win32") return false;
  const path = identityPath(stateDir);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat || (stat.mode & 0o077) === 0) return false;
  chmodSync(path, 0o600);
  return true;
}

/** Throws SensorError when it cannot be written; the file that was there is then untouched. */
export function writeIdentity(stateDir: string, value: Identity): void {
  try {
    writeFileAtomically(identityPath(stateDir), textOf(value));
  } catch (error) {
    throw cannotWrite(stateDir, error);
  }
}

/**
 * Makes another identity of the one that is on disk now, and returns it; no other process changes it in between. For all that is written
 * behind a request: another command may have made this host another sensor meanwhile. Throws what `change` throws, and SensorError.
 */
export function changeIdentity<T extends Identity>(
  stateDir: string,
  change: (onDisk: Identity | undefined) => T,
): T {
  using _ = lockIdentity(stateDir);
  const onDisk = readIdentity(stateDir);
  const changed = change(onDisk);
  if (changed !== onDisk) writeIdentity(stateDir, changed);
  return changed;
}

/** Whether both are one sensor with one key that reaches its server in one way. Another server never comes without another key. */
export function isSameIdentity(one: EnrolledIdentity, other: EnrolledIdentity): boolean {
  const known = ({ sensorId, publicKey, ca, proxy }: EnrolledIdentity) =>
    JSON.stringify([sensorId, publicKey, ca, proxy]);
  return known(one) === known(other);
}

/** Whether both are one sensor, with whichever key, or one enrollment that is not finished. */
export function isSameSensor(one: Identity, other: Identity): boolean {
  const nameOf = (identity: Identity) =>
    identity.state === "enrolled" ? identity.sensorId : identity.publicKey;
  return nameOf(one) === nameOf(other);
}

/** The error of a command that finds another sensor's identity than the one that it began with. */
export function changedMeanwhile(action: "enroll" | "unenroll", stateDir: string): SensorError {
  return new SensorError(
    "identity",
    `Cannot ${action} sensor: another command has changed the identity in ${stateDir}; it was kept`,
    "repeat the command",
  );
}

/** As writeIdentity, where there is none yet; false when another process was first. */
export function createIdentity(stateDir: string, value: Identity): boolean {
  try {
    createFileAtomically(identityPath(stateDir), textOf(value));
    return true;
  } catch (error) {
    if (errnoCode(error) === "EEXIST") return false;
    throw cannotWrite(stateDir, error);
  }
}

export function privateKeyOf({
  publicKey: x,
  privateKey: d,
}: Pick<Identity, "publicKey" | "privateKey">): KeyObject {
  return createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", x, d }, format: "jwk" });
}

/** Each write names the build that makes it, and does so first. */
function textOf(value: Identity): string {
  return `${JSON.stringify({ ...STAMP, ...value, ...STAMP }, null, 2)}\n`;
}

function cannotWrite(stateDir: string, error: unknown): SensorError {
  return new SensorError(
    "identity",
    `Cannot write the identity in ${stateDir}: ${systemReason(error)}; nothing was changed`,
    "free some space or choose another folder with --state, then repeat the command",
  );
}

function isKeyPair(value: Identity): boolean {
  try {
    return (privateKeyOf(value).export({ format: "jwk" }) as { x: string }).x === value.publicKey;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The four words that a person compares with the console's before approving the sensor. */
export function keyFingerprint(publicKey: string): string {
  return formatKeyFingerprint(createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest());
}
