// Where a server keeps releases, below its data folder. Each release has a folder, named after its counter,
// with manifest.json and the files of the release that were added. A folder with that name is complete: it is
// made under another name and then renamed.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { MANIFEST_FILE, MAX_RELEASE_BYTES } from "@attacklens/protocol/releases/release.ts";
import { BUILT_IN_ROOT_KEYS, MAX_ROOT_KEYS, rootKeysFile } from "@attacklens/protocol/releases/root-keys.ts";
import type { AcceptedRelease } from "@attacklens/protocol/releases/verify-release.ts";
import { z } from "zod";

/** Older ones are not offered: sensors update to the newest ones. */
const MAX_OFFERED = 20;

const acceptedRelease = z.object({ counter: z.int().min(0), keySerial: z.int().min(0) });

export interface ReleasesPaths {
  /** `releases` in the data folder. */
  folder: string;
  /** The root keys that the operator trusts, beside those of the build. */
  trustedKeys: string;
  /** The highest counter and serial that were accepted, also of removed releases. */
  accepted: string;
  release(counter: number): string;
}

export function releasesPaths(dataDir: string): ReleasesPaths {
  const folder = join(dataDir, "releases");
  return {
    folder,
    trustedKeys: join(folder, "trusted-keys.json"),
    accepted: join(folder, "accepted.json"),
    release: (counter) => join(folder, String(counter)),
  };
}

/** The keys of the build and those of the operator. Throws Error for the operator. */
export function readRootKeys(paths: ReleasesPaths): string[] {
  return [...new Set([...BUILT_IN_ROOT_KEYS, ...readTrustedKeys(paths)])];
}

/** The keys of the operator alone. Throws Error for the operator. */
export function readTrustedKeys({ trustedKeys }: ReleasesPaths): string[] {
  const text = readIfPresent(trustedKeys);
  return text === undefined ? [] : parseRootKeys(trustedKeys, text);
}

/** Throws Error for the operator. */
export function parseRootKeys(path: string, text: string): string[] {
  const parsed = rootKeysFile.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.rootKeys;
  throw new Error(
    `Cannot use ${path}: it must be {"rootKeys":[…]} with at most ${MAX_ROOT_KEYS} Ed25519 public keys\nhint: attacklens releases new-key prints the public key of a new key`,
  );
}

/** Undefined: nothing was accepted yet. Throws Error for the operator. */
export function readAccepted({ accepted }: ReleasesPaths): AcceptedRelease | undefined {
  const text = readIfPresent(accepted);
  if (text === undefined) return undefined;
  const parsed = acceptedRelease.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    `Cannot use ${accepted}: it does not have the highest counter that was accepted\nhint: restore it from a backup. If you remove it, the server accepts older releases again`,
  );
}

/** Undefined: there is no such release, or its manifest is too large. */
export function readManifestText(folder: string): string | undefined {
  const path = join(folder, MANIFEST_FILE);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  return size === undefined || size > MAX_RELEASE_BYTES ? undefined : readIfPresent(path);
}

/** The counters of the stored releases, the newest first. */
export function listCounters({ folder }: ReleasesPaths): number[] {
  return countersIn(readdirIfPresent(folder));
}

/** Reads the manifests without blocking, the newest first. */
export async function readManifests(paths: ReleasesPaths): Promise<{ folder: string; text: string }[]> {
  const counters = countersIn(await readdir(paths.folder).catch(emptyWhenAbsent)).slice(0, MAX_OFFERED);
  const manifests: { folder: string; text: string }[] = [];
  for (const counter of counters) {
    const folder = paths.release(counter);
    const path = join(folder, MANIFEST_FILE);
    const { size } = await stat(path).catch(() => ({ size: Number.POSITIVE_INFINITY }));
    if (size <= MAX_RELEASE_BYTES) manifests.push({ folder, text: await readFile(path, "utf8") });
  }
  return manifests;
}

function countersIn(names: readonly string[]): number[] {
  return names
    .filter((name) => /^[1-9]\d{0,15}$/.test(name))
    .map(Number)
    .toSorted((one, other) => other - one);
}

export function readdirIfPresent(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    return emptyWhenAbsent(error);
  }
}

function emptyWhenAbsent(error: unknown): string[] {
  if (errnoCode(error) === "ENOENT") return [];
  throw error;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
