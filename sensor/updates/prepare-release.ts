// Everything before a trial: fetches the manifest of a release, verifies it, downloads the program for this
// host, and checks that it is the right one and runs here. Nothing of the running sensor changes.
import { chmodSync, mkdirSync, renameSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type { InstalledPaths } from "@attacklens/protocol/installed-paths.ts";
import { downloadReleaseFile, downloadReleaseManifest } from "@attacklens/protocol/releases/downloads.ts";
import { MAX_RELEASE_BYTES, type ReleaseFile } from "@attacklens/protocol/releases/release.ts";
import {
  ReleaseError,
  type VerifiedRelease,
  verifyRelease,
} from "@attacklens/protocol/releases/verify-release.ts";
import { z } from "zod";
import { hashOf, programOf } from "../service/program-files.ts";
import { labelProgram } from "../service/selinux.ts";
import { runTool } from "../service/system-tool.ts";
import { syncFolder } from "../state/atomic-file.ts";
import { isLaterRelease, STATE_VERSION } from "../state/state-version.ts";
import { systemReason } from "../system-reason.ts";
import { downloadFile, downloadText, type Origin } from "../transport/download.ts";
import { Refused } from "../transport/server-reply.ts";

/** Left for the rest of the system. */
const SPARE_BYTES = 32 * 1024 * 1024;

/** The release is not trustworthy or not for this host, or the host lacks disk or rights. */
export class UpdateFailure extends Error {}

export interface Preparation {
  /** The offered version. */
  version: string;
  origin: Origin;
  paths: InstalledPaths;
  /** The running build. */
  release: string;
  target: string;
  rootKeys: readonly string[];
  /** The counter of the running release; undefined: it was not installed by an update. */
  counter: number | undefined;
  keySerial: number | undefined;
  /** Milliseconds, after correction by the server's clock. */
  now: number;
  signal: AbortSignal;
  /** Receives what was verified, before the download starts. */
  onVerified: (release: VerifiedRelease) => void;
}

/**
 * Returns the verified manifest of the program, which is then in place. Throws UpdateFailure, Unreachable,
 * Refused.
 */
export async function prepareRelease(preparation: Preparation): Promise<VerifiedRelease> {
  const { version, target, origin, paths, signal, onVerified } = preparation;
  const params = { version };
  const text = await downloadText(
    origin,
    { route: downloadReleaseManifest, params, signal },
    MAX_RELEASE_BYTES,
  );
  const verified = await verifyOffer(text, { ...preparation, counter: await findCounter(preparation) });
  onVerified(verified);
  const isOurs = (file: ReleaseFile) =>
    file.program === "sensor" && file.target === target && file.format === "program";
  const file = verified.manifest.files.find(isOurs);
  if (!file) throw new UpdateFailure(`release ${version} has no program for ${target}`);
  const path = programOf(paths, version);
  await onDisk(async () => {
    mkdirSync(dirname(path), { recursive: true });
    // The service creates folders that others cannot read.
    chmodSync(dirname(path), 0o755);
    if (await isFile(path, file)) return;
    const part = `${path}.part`;
    requireSpace(part, file.size);
    const download = { route: downloadReleaseFile, params: { version, file: file.name }, signal };
    const target = { path: part, sizeBytes: file.size, sha256: file.sha256 };
    await downloadFile(origin, download, target).catch((error: unknown) => {
      // The rest of the system needs the space more.
      if (["ENOSPC", "EDQUOT"].includes(errnoCode(error) ?? "")) rmSync(part, { force: true });
      throw error;
    });
    if (!(await isFile(part, file))) {
      rmSync(part, { force: true });
      throw new UpdateFailure(`the downloaded ${file.name} does not have the hash in the manifest`);
    }
    chmodSync(part, 0o755);
    renameSync(part, path);
    syncFolder(dirname(path));
    syncFolder(paths.versions);
  });
  await labelProgram(path);
  await requireProgram(path, version);
  return verified;
}

/** Throws UpdateFailure unless this host may replace the running release by the one in the manifest. */
export async function verifyOffer(
  text: string,
  { version, release, rootKeys, counter, keySerial, now }: Preparation,
): Promise<VerifiedRelease> {
  const accepted = { counter: counter ?? 0, keySerial: keySerial ?? 0 };
  const verified = await verifyRelease(text, { rootKeys, accepted, now }).catch((error: unknown) => {
    if (!(error instanceof ReleaseError)) throw error;
    throw new UpdateFailure(`release ${version} cannot be trusted: ${error.message}`);
  });
  const { manifest } = verified;
  if (manifest.version !== version)
    throw new UpdateFailure(`the server sent the manifest of release ${manifest.version}, not of ${version}`);
  const isNewer = counter === undefined ? isLaterRelease(version, release) : manifest.counter > counter;
  if (isNewer) return verified;
  throw new UpdateFailure(
    counter === undefined
      ? `release ${version} is older than ${release}, and the server does not have the manifest of ${release}`
      : `release ${version} has counter ${manifest.counter}, and ${release} has ${counter}: to go back, sign it again with a higher one`,
  );
}

/**
 * The counter of the running release. One that no update installed has it in its manifest, which may have
 * expired. It matters only for an earlier version: a later one needs no order.
 */
async function findCounter({ counter, version, release, ...preparation }: Preparation) {
  if (counter !== undefined || isLaterRelease(version, release)) return counter;
  const { origin, signal, rootKeys, keySerial = 0 } = preparation;
  try {
    const download = { route: downloadReleaseManifest, params: { version: release }, signal };
    const text = await downloadText(origin, download, MAX_RELEASE_BYTES);
    const { manifest } = await verifyRelease(text, { rootKeys, accepted: { counter: 0, keySerial } });
    return manifest.version === release ? manifest.counter : undefined;
  } catch (error) {
    if (error instanceof ReleaseError || error instanceof Refused) return undefined;
    throw error;
  }
}

async function isFile(path: string, { size, sha256 }: ReleaseFile): Promise<boolean> {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size === size && (await hashOf(path)) === sha256;
}

function requireSpace(part: string, sizeBytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(part));
  const present = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  const neededBytes = sizeBytes - present + SPARE_BYTES;
  if (bavail * bsize >= neededBytes) return;
  const [needed, free] = [neededBytes, bavail * bsize].map((bytes) => Math.floor(bytes / 1e6));
  throw new UpdateFailure(`${dirname(part)} has ${free} MB free, and the update needs ${needed} MB`);
}

async function onDisk(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = errnoCode(error);
    if (!["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM"].includes(code ?? "")) throw error;
    throw new UpdateFailure(`the program cannot be stored: ${systemReason(error)}`);
  }
}

const build = z.object({
  program: z.literal("attacklens-sensor"),
  version: z.string(),
  writesStateVersions: z.array(z.int()),
});

/** Runs the new program for the first time, with the rights of this one. */
async function requireProgram(path: string, version: string): Promise<void> {
  const { code, stdout, reason, errno } = await runTool([path, "version", "--json"]);
  if (errno !== undefined) throw new UpdateFailure(`this host cannot run the new program: ${reason}`);
  if (code !== 0)
    throw new UpdateFailure(`the new program cannot print its version: exit code ${code}: ${reason}`);
  const parsed = build.safeParse(parseJson(stdout));
  if (!parsed.success || parsed.data.version !== version)
    throw new UpdateFailure(`the new program is not attacklens-sensor ${version}`);
  if (!parsed.data.writesStateVersions.includes(STATE_VERSION))
    throw new UpdateFailure(
      `${version} would leave state that this version cannot read, should its trial fail: run its install command instead`,
    );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
