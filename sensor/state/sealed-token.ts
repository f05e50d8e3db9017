// The token that `prepare-image` seals into an image: clones of the image enroll with it on their first boot
// and delete it. It is readable by root only, and not encrypted, because a clone has no secret that the image
// has not: docs/decisions/0024-images.md.
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { caPin } from "@attacklens/protocol/ca-pin.ts";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { instant } from "@attacklens/protocol/text.ts";
import { TOKEN_PREFIX, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { z } from "zod";
import { SensorError } from "../sensor-error.ts";
import { systemReason } from "../system-reason.ts";
import { syncFolder, writeFileAtomically } from "./atomic-file.ts";
import { stampSchema } from "./stamp-schema.ts";
import { findNewerState, STAMP } from "./state-version.ts";

const MAX_FILE_BYTES = 16 * 1024;
const id = z.string().min(1).max(200);

/** The identifiers of a machine, by which a clone differs from its template. Absent: the machine has none. */
const machineIds = z.strictObject({
  machineId: id.optional(),
  productUuid: id.optional(),
  serialNumber: id.optional(),
  cloudInstanceId: id.optional(),
});
export type MachineIds = z.infer<typeof machineIds>;

const sealedToken = z.strictObject({
  ...stampSchema,
  server: z.url(),
  token: z.string().refine((value) => tokenValueError(value, TOKEN_PREFIX) === undefined),
  caPin: caPin.optional(),
  /** With its credentials. */
  proxy: z.url().optional(),
  sealedAt: instant,
  /** Null: the image was built without being booted, so that each machine is a clone. */
  template: machineIds.nullable(),
  /** The template gets a new machine id while it is maintained, so that it says nothing. */
  ignoresMachineId: z.boolean(),
});
export type SealedToken = Omit<z.infer<typeof sealedToken>, keyof typeof stampSchema>;

export function sealedTokenPath(stateDir: string): string {
  return join(stateDir, "sealed-token.json");
}

export function hasSealedToken(stateDir: string): boolean {
  return existsSync(sealedTokenPath(stateDir));
}

/** Takes the identifiers from the facts about a host. */
export function machineIdsOf(host: HostFacts): MachineIds {
  const { machineId, productUuid, serialNumber, cloudInstanceId } = host;
  return { machineId, productUuid, serialNumber, cloudInstanceId };
}

/** Throws the system's error, and leaves the earlier file unchanged. */
export function writeSealedToken(stateDir: string, value: SealedToken): void {
  writeFileAtomically(sealedTokenPath(stateDir), `${JSON.stringify({ ...STAMP, ...value }, null, 2)}\n`);
}

/** Undefined if there is none. Throws SensorError, and changes nothing, if the file cannot be used. */
export function readSealedToken(stateDir: string): SealedToken | undefined {
  const path = sealedTokenPath(stateDir);
  let text = "";
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return undefined;
    // Reading a FIFO would block.
    if (stat.isFile() && stat.size <= MAX_FILE_BYTES) text = readFileSync(path, "utf8");
    if (process.platform !== "win32" && stat.isFile() && (stat.mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    throw new SensorError("identity", `Cannot read the sealed token in ${path}: ${systemReason(error)}`);
  }
  const { data, error } = sealedToken.safeParse(parseJson(text));
  if (data) {
    const { version: _version, release: _release, commit: _commit, ...value } = data;
    return value;
  }
  const hasUnknownFields = error.issues.every(({ code }) => code === "unrecognized_keys");
  throw (
    findNewerState(path, text, hasUnknownFields) ??
    new SensorError(
      "identity",
      `Cannot use the sealed token in ${path}: the file is damaged; it was not changed`,
      "run attacklens-sensor install with a token, or prepare the image again",
    )
  );
}

/**
 * Overwrites the file and removes it. Returns whether there was one. A file system that copies on write, or a
 * disk of flash memory, may keep the earlier content. Throws the system's error.
 */
export function removeSealedToken(stateDir: string): boolean {
  const path = sealedTokenPath(stateDir);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return false;
  if (stat.isFile()) overwrite(path, stat.size);
  rmSync(path, { recursive: true, force: true });
  syncFolder(stateDir);
  return true;
}

function overwrite(path: string, sizeBytes: number): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, Buffer.alloc(sizeBytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
