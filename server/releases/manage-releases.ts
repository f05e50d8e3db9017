// What an operator does with stored releases: lists them, removes one, and trusts root keys.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ReleaseFile, ReleaseManifest } from "@attacklens/protocol/releases/release.ts";
import { MAX_ROOT_KEYS } from "@attacklens/protocol/releases/root-keys.ts";
import { ReleaseError, verifyRelease } from "@attacklens/protocol/releases/verify-release.ts";
import { readOperatorFile } from "../operator-file.ts";
import { moveDurably, openStage, writeDurably } from "./durable-files.ts";
import {
  listCounters,
  parseRootKeys,
  readManifestText,
  readRootKeys,
  readTrustedKeys,
  releasesPaths,
} from "./releases-folder.ts";

export interface StoredRelease {
  counter: number;
  /** Undefined: its manifest can't be verified, and the server does not offer it. */
  manifest: ReleaseManifest | undefined;
  /** Why it can't. */
  problem: string | undefined;
  /** The files that the server has. */
  files: ReleaseFile[];
  /** The one that new hosts get. */
  isCurrent: boolean;
}

/** The newest first. */
export async function listReleases(dataDir: string): Promise<StoredRelease[]> {
  const paths = releasesPaths(dataDir);
  const rootKeys = readRootKeys(paths);
  const releases: StoredRelease[] = [];
  for (const counter of listCounters(paths)) {
    const folder = paths.release(counter);
    const release = { counter, manifest: undefined, problem: undefined, files: [], isCurrent: false };
    try {
      const { manifest } = await verifyRelease(readManifestText(folder) ?? "", { rootKeys });
      const files = manifest.files.filter(
        ({ name, size }) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === size,
      );
      const isCurrent = !releases.some((newer) => newer.isCurrent);
      releases.push({ ...release, manifest, files, isCurrent });
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      releases.push({ ...release, problem: error.message });
    }
  }
  return releases;
}

/**
 * Removes all stored releases of a version, or the one with a counter. Returns their counters. A download
 * that has begun ends as usual.
 */
export async function removeRelease(dataDir: string, named: string): Promise<number[]> {
  const paths = releasesPaths(dataDir);
  const releases = await listReleases(dataDir);
  const found = releases.filter(
    ({ counter, manifest }) => manifest?.version === named || String(counter) === named,
  );
  if (found.length === 0)
    throw new Error(
      `Cannot remove release ${JSON.stringify(named)}: it is not stored\nhint: attacklens releases list shows what is stored`,
    );
  using stage = openStage(paths.folder);
  for (const { counter } of found) {
    const unfinished = join(stage.path, String(counter));
    moveDurably(paths.release(counter), unfinished);
    rmSync(unfinished, { recursive: true, force: true });
  }
  return found.map(({ counter }) => counter);
}

/** Adds root keys to those that the operator trusts. Returns the ones that are new. */
export function trustRootKeys(dataDir: string, path: string): string[] {
  const paths = releasesPaths(dataDir);
  if (!statSync(dataDir, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(
      `Cannot trust the keys: the data folder ${dataDir} does not exist\nhint: start attacklens serve first, or name its folder with --data`,
    );
  const given = parseRootKeys(path, readOperatorFile(path));
  const known = readRootKeys(paths);
  const added = [...new Set(given)].filter((key) => !known.includes(key));
  // Without those of the build: a later build may drop one of them.
  const rootKeys = [...readTrustedKeys(paths), ...added];
  if (rootKeys.length > MAX_ROOT_KEYS)
    throw new Error(
      `Cannot trust the keys: ${rootKeys.length} root keys would be trusted, and ${MAX_ROOT_KEYS} is the limit\nhint: remove keys that are no longer used from ${paths.trustedKeys}`,
    );
  if (added.length === 0) return [];
  using stage = openStage(paths.folder);
  writeDurably(paths.trustedKeys, `${JSON.stringify({ rootKeys }, null, 2)}\n`, stage.path);
  return added;
}
