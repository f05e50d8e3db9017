// A publisher of releases: its keys, and manifests that it signs as a test needs them, also wrong ones.
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Json } from "@attacklens/protocol/canonical-json.ts";
import {
  type ReleaseManifest,
  type Signature,
  type SignedPart,
  type SignedRelease,
  signedBytes,
} from "@attacklens/protocol/releases/release.ts";

const DAY_MS = 86_400_000;

export interface PublishedRelease {
  version: string;
  counter: number;
  /** Path of the sensor's program for this machine. */
  program: string;
  /** Absent: a day ago. */
  createdAt?: number;
  /** Absent: in a month. */
  expiresAt?: number;
  target?: string;
}

export type Publisher = ReturnType<typeof makePublisher>;

export function makePublisher() {
  const root = newKey();
  let releaseKey = newKey();
  let keySerial = 1;
  return {
    rootKeys: [publicKeyOf(root)],
    /** The next releases are signed by another key. */
    rotateReleaseKey(): void {
      releaseKey = newKey();
      keySerial++;
    },
    sign({ version, counter, program, ...options }: PublishedRelease): SignedRelease {
      const content = readFileSync(program);
      const { createdAt = Date.now() - DAY_MS, expiresAt = Date.now() + 30 * DAY_MS } = options;
      const target = options.target ?? hostTarget();
      const manifest: ReleaseManifest = {
        ...{ version, counter, created: isoOf(createdAt), expires: isoOf(expiresAt) },
        files: [
          {
            ...{ name: `attacklens-sensor-${target}`, program: "sensor", target, format: "program" },
            ...{ size: content.length, sha256: createHash("sha256").update(content).digest("hex") },
          },
        ],
      };
      const releaseKeys = {
        serial: keySerial,
        created: isoOf(Date.now() - DAY_MS),
        keys: [
          {
            publicKey: publicKeyOf(releaseKey),
            validFrom: isoOf(Math.min(createdAt, Date.now()) - DAY_MS),
            validUntil: isoOf(Date.now() + 100 * DAY_MS),
          },
        ],
      };
      return {
        releaseKeys,
        rootSignatures: [signPart("releaseKeys", releaseKeys, root)],
        manifest,
        signature: signPart("manifest", manifest, releaseKey),
      };
    },
  };
}

/** The target of programs that run on this machine. */
export function hostTarget(): string {
  return `linux-${process.arch === "arm64" ? "arm64" : "x64"}`;
}

function signPart(part: SignedPart, value: object, key: KeyObject): Signature {
  const signature = sign(null, signedBytes(part, value as Json), key);
  return { publicKey: publicKeyOf(key), value: signature.toString("base64url") };
}

function newKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

function publicKeyOf(key: KeyObject): string {
  return (key.export({ format: "jwk" }) as { x: string }).x;
}

const isoOf = (ms: number) => new Date(ms).toISOString();
