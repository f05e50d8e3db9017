// The sensor's identity: a key pair that this host generates, whose private key never leaves it, and the id
// from the server.
import { createHash, generateKeyPairSync } from "node:crypto";
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
import { writeFileAtomically } from "./atomic-file.ts";
import { isOpenToOthers, makePrivateFile } from "./private-files.ts";
import { privateKeyOf } from "./private-key.ts";
import { lockIdentity } from "./run-lock.ts";
import { stampSchema } from "./stamp-schema.ts";
import { findNewerState, STAMP } from "./state-version.ts";

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
  /**
   * Roots of the server's private CA, PEM. The sensor trusts only these. Absent: the system's trust store.
   */
  ca: z.array(z.string()).min(1).optional(),
  /** The proxy given at enrollment, with its credentials. Absent: the proxy from the environment. */
  proxy: z.url().optional(),
};
const identity = z.discriminatedUnion("state", [
  // Written before the first request, so that a retry uses the same key even if the reply is lost.
  z.strictObject({ ...common, state: z.literal("enrolling") }),
  z.strictObject({
    ...common,
    state: z.literal("enrolled"),
    sensorId,
    enrolledAt: instant,
    /** Public key that verifies the server's signed refusals. */
    serverKey: publicKey.optional(),
    /** The key of a rotation in progress. The sensor tries which of the two keys the server accepts. */
    nextKey: z.strictObject(keyPair).optional(),
    /** The key for enrolling this host as a clone, while another host owns the key above. */
    cloneKey: z.strictObject(keyPair).optional(),
  }),
]);

export type Identity = z.infer<typeof identity>;
export type KeyPair = Pick<Identity, "publicKey" | "privateKey">;
/** How the sensor reaches the server and verifies its certificate. */
export type Way = Pick<Identity, "ca" | "proxy">;
export type EnrolledIdentity = Extract<Identity, { state: "enrolled" }>;

export function identityPath(stateDir: string): string {
  return join(stateDir, "identity.json");
}

/** Folder of the key for a re-enrollment. The identity stays unchanged until the re-enrollment succeeds. */
function candidateFolder(stateDir: string): string {
  return join(stateDir, "re-enroll");
}

export function makeKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x, d } = privateKey.export({ format: "jwk" }) as { x: string; d: string };
  return { publicKey: x, privateKey: d };
}

/** A new key pair for a server. Writes nothing to the disk. */
export function makeIdentity(server: string): Identity {
  return { ...STAMP, state: "enrolling", server, ...makeKeyPair() };
}

/**
 * Undefined if there is none. Throws SensorError, and changes nothing, if the file cannot be read or parsed.
 */
export function readIdentity(stateDir: string): Identity | undefined {
  const path = identityPath(stateDir);
  let text: string;
  try {
    const stat = statSync(path);
    // Reading a FIFO would block.
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

/** The identity of an enrolled host; undefined: it is not enrolled. Throws SensorError. */
export function findEnrolledIdentity(stateDir: string): EnrolledIdentity | undefined {
  const identity = readIdentity(stateDir);
  return identity?.state === "enrolled" ? identity : undefined;
}

/**
 * Removes the identity with its key, the status, and the key of an unfinished re-enrollment. The caller has
 * the lock.
 */
export function removeIdentity(stateDir: string): void {
  for (const name of ["identity.json", "status.json"]) rmSync(join(stateDir, name), { force: true });
  rmSync(candidateFolder(stateDir), { recursive: true, force: true });
}

/** Continues an enrollment with the connection settings of the current command. */
export function goOnBy(way: Way, { ca: _ca, proxy: _proxy, ...earlier }: Identity): Identity {
  return { ...earlier, ...way };
}

/** The key for a re-enrollment, on the disk: the key of an earlier attempt, or a new one. */
export function claimCandidate(stateDir: string, server: string, way: Way): Identity {
  using _ = lockIdentity(stateDir);
  const claimed = changeLocked(candidateFolder(stateDir), (earlier) =>
    earlier?.server === server ? earlier : { ...makeIdentity(server), ...way },
  );
  return goOnBy(way, claimed);
}

export function removeCandidate(stateDir: string): void {
  // Another command may be creating one in this folder.
  using _ = lockIdentity(stateDir);
  rmSync(candidateFolder(stateDir), { recursive: true, force: true });
}

/** Removes other users' access to the file. Returns true if they had access. */
export function tightenIdentity(stateDir: string): boolean {
  const path = identityPath(stateDir);
  if (process.platform === "win32") {
    if (!isOpenToOthers(path)) return false;
    makePrivateFile(path);
    return true;
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat || (stat.mode & 0o077) === 0) return false;
  chmodSync(path, 0o600);
  return true;
}

/** Throws SensorError if the file cannot be written, and leaves the earlier file unchanged. */
export function writeIdentity(stateDir: string, value: Identity): void {
  try {
    writeFileAtomically(identityPath(stateDir), textOf(value));
  } catch (error) {
    throw cannotWrite(stateDir, error);
  }
}

/**
 * Changes the identity on the disk under a lock, and returns the new one. Required for writes after a
 * request: another command may have enrolled this host as another sensor meanwhile. Throws what `change`
 * throws, and SensorError.
 */
export function changeIdentity<T extends Identity>(
  stateDir: string,
  change: (onDisk: Identity | undefined) => T,
): T {
  using _ = lockIdentity(stateDir);
  return changeLocked(stateDir, change);
}

function changeLocked<T extends Identity>(folder: string, change: (onDisk: Identity | undefined) => T): T {
  const onDisk = readIdentity(folder);
  const changed = change(onDisk);
  if (changed !== onDisk) writeIdentity(folder, changed);
  return changed;
}

/** Whether both have the same sensor, key and connection settings. The key implies the server. */
export function isSameIdentity(one: EnrolledIdentity, other: EnrolledIdentity): boolean {
  const known = ({ sensorId, publicKey, ca, proxy }: EnrolledIdentity) =>
    JSON.stringify([sensorId, publicKey, ca, proxy]);
  return known(one) === known(other);
}

/** Whether both are the same sensor, with any key, or the same unfinished enrollment. */
export function isSameSensor(one: Identity, other: Identity): boolean {
  const nameOf = (identity: Identity) =>
    identity.state === "enrolled" ? identity.sensorId : identity.publicKey;
  return nameOf(one) === nameOf(other);
}

/** The error of a command whose identity another command has replaced meanwhile. */
export function changedMeanwhile(action: "enroll" | "unenroll", stateDir: string): SensorError {
  return new SensorError(
    "identity",
    `Cannot ${action} sensor: another command has changed the identity in ${stateDir}; it was kept`,
    "repeat the command",
  );
}

/** The file starts with the build that writes it. */
function textOf(value: Identity): string {
  return `${JSON.stringify({ ...STAMP, ...value, ...STAMP }, null, 2)}\n`;
}

function cannotWrite(stateDir: string, error: unknown): SensorError {
  if (error instanceof SensorError) return error;
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

/** The four words that an operator compares with those in the console before approving the sensor. */
export function keyFingerprint(publicKey: string): string {
  return formatKeyFingerprint(createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest());
}
