// A signed release for tests: files with any content, the keys that sign them, and a data folder that trusts
// the root key.
import type { KeyObject } from "node:crypto";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SignedRelease } from "@attacklens/protocol/releases/release.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { addRelease } from "../releases/add-release.ts";
import { trustRootKeys } from "../releases/manage-releases.ts";
import { publicKeyOf, signRelease, signReleaseKeys } from "../releases/sign-release.ts";

const DAY_MS = 86_400_000;
export const SENSOR_FILE = "attacklens-sensor-linux-x64";

export interface ReleaseOptions {
  version?: string;
  counter?: number;
  keySerial?: number;
  /** Absent: now. */
  createdAt?: number;
  /** Absent: in a month. */
  expiresAt?: number;
  /** By name. Absent: one program of the sensor. */
  files?: Record<string, string | Uint8Array>;
}

/** A publisher and a server's data folder. */
export function openTestReleases() {
  const folder = openTemporaryFolder("releases");
  const [root, key] = [newKey(), newKey()];
  const dataDir = join(folder.path, "data");
  mkdirSync(dataDir);
  const rootsFile = join(folder.path, "roots.json");
  writeFileSync(rootsFile, JSON.stringify({ rootKeys: [publicKeyOf(root)] }));

  /** Writes the files and manifest.json to a new folder, as on a USB stick. */
  function publish(options: ReleaseOptions = {}): { folder: string; release: SignedRelease } {
    const { version = "2026.11.0", counter = 1, keySerial = 1, createdAt = Date.now() } = options;
    const { expiresAt = Date.now() + 30 * DAY_MS, files = { [SENSOR_FILE]: "a program\n" } } = options;
    const dist = join(folder.path, `dist-${Bun.randomUUIDv7()}`);
    mkdirSync(dist);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dist, name), content);
    const validity = {
      validFrom: new Date(Math.min(createdAt, Date.now()) - DAY_MS).toISOString(),
      validUntil: new Date(Date.now() + 100 * DAY_MS).toISOString(),
    };
    const keys = signReleaseKeys([root], {
      serial: keySerial,
      created: new Date(Date.now() - DAY_MS).toISOString(),
      keys: [{ publicKey: publicKeyOf(key), ...validity }],
    });
    const paths = Object.keys(files).map((name) => join(dist, name));
    const release = signRelease(key, keys, { version, counter, createdAt, expiresAt, files: paths });
    writeFileSync(join(dist, "manifest.json"), JSON.stringify(release));
    return { folder: dist, release };
  }

  return {
    folder: folder.path,
    dataDir,
    rootsFile,
    publish,
    trust: () => trustRootKeys(dataDir, rootsFile),
    add: (...sources: string[]) => addRelease({ dataDir, sources, now: Date.now() }),
    /** Publishes, trusts and adds. */
    async offer(options?: ReleaseOptions) {
      trustRootKeys(dataDir, rootsFile);
      const published = publish(options);
      await addRelease({ dataDir, sources: [published.folder], now: Date.now() });
      return published;
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function newKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}
