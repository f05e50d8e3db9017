// The releases that a running server offers. They are read again when the folder changes, so that a release
// which the command adds is offered at once, without a restart.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import type { ReleaseFile, ReleaseManifest } from "@attacklens/protocol/releases/release.ts";
import { ReleaseError, verifyRelease } from "@attacklens/protocol/releases/verify-release.ts";
import type { Logger } from "pino";
import { type ReleasesPaths, readManifests, readRootKeys, releasesPaths } from "./releases-folder.ts";

export interface OfferedRelease {
  manifest: ReleaseManifest;
  /** manifest.json as it was signed. */
  text: string;
  /** The files that this server has, with their paths. */
  files: ReadonlyMap<string, { file: ReleaseFile; path: string }>;
}

/** A change in the same tick of the file system's clock as the one before does not change the time. */
const SETTLED_MS = 2_000;

interface Read {
  stamp: string;
  /** False: the folder changed too recently, so the next request reads it again. */
  isSettled: boolean;
  releases: OfferedRelease[];
}

export function openReleases(dataDir: string, { log, now }: { log: Logger; now: () => number }) {
  const paths = releasesPaths(dataDir);
  let last: Read | undefined;
  let reading: Promise<Read> | undefined;
  let isWarned = false;

  function noFolder(error: unknown): undefined {
    if (errnoCode(error) !== "ENOENT" && !isWarned)
      log.warn({ err: error }, "the folder of the releases cannot be read, so none is offered");
    isWarned = errnoCode(error) !== "ENOENT";
  }

  async function readAgain(stamp: string, changedMs: number): Promise<Read> {
    const isSettled = now() - changedMs > SETTLED_MS;
    // A warning for each change of the folder, not for each request.
    const warn = last?.stamp === stamp ? () => {} : log.warn.bind(log);
    try {
      return { stamp, isSettled, releases: await readReleases(paths, warn) };
    } catch (error) {
      warn({ err: error }, "the releases cannot be read, so none is offered");
      return { stamp, isSettled: false, releases: [] };
    }
  }

  return {
    /** The newest first. The first one is for new hosts. */
    async list(): Promise<readonly OfferedRelease[]> {
      const found = await stat(paths.folder).catch(noFolder);
      if (!found) return [];
      const stamp = `${found.ino} ${found.mtimeMs} ${found.ctimeMs}`;
      if (last?.stamp === stamp && last.isSettled) return last.releases;
      // Requests that come meanwhile share one reading.
      reading ??= readAgain(stamp, Math.max(found.mtimeMs, found.ctimeMs)).finally(() => {
        reading = undefined;
      });
      last = await reading;
      return last.releases;
    },
  };
}

export type Releases = ReturnType<typeof openReleases>;

async function readReleases(
  paths: ReleasesPaths,
  warn: (about: object, message: string) => void,
): Promise<OfferedRelease[]> {
  const rootKeys = readRootKeys(paths);
  const releases: OfferedRelease[] = [];
  for (const { folder, text } of await readManifests(paths)) {
    try {
      // It was in force when it was added. A server that stopped installations on a date would surprise.
      const { manifest } = await verifyRelease(text, { rootKeys });
      const files = new Map<string, { file: ReleaseFile; path: string }>();
      for (const file of manifest.files) {
        const path = join(folder, file.name);
        const found = await stat(path).catch(() => undefined);
        if (found?.isFile() && found.size === file.size) files.set(file.name, { file, path });
      }
      releases.push({ manifest, text, files });
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      warn({ folder, reason: error.message }, "a stored release is not offered: it cannot be verified");
    }
  }
  return releases;
}
