// The build that wrote the files in the state folder. An older build changes nothing and names the build to
// install.
import { closeSync, constants, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { toPlainText } from "@attacklens/protocol/plain-text.ts";
import { COMMIT, RELEASE } from "@attacklens/protocol/version.ts";
import { SensorError } from "../sensor-error.ts";

/**
 * Version of all files in the state folder but updates.json. Every change of a format increments it,
 * including a new field. A build on trial writes the version of the build that it may replace.
 */
export const STATE_VERSION = 1;

/** The start of every file. `version` comes first, so that it can be read without the rest. */
export const STAMP = { version: STATE_VERSION, release: RELEASE, commit: COMMIT } as const;

const HEAD_BYTES = 512;

/** Throws SensorError if a newer build wrote any of the files. Reads only the start of each file. */
export function refuseNewerState(stateDir: string): void {
  const reports = join(stateDir, "reports");
  const files = [
    "identity.json",
    "sealed-token.json",
    "first-boot.json",
    "status.json",
    join("re-enroll", "identity.json"),
  ].map((name) => join(stateDir, name));
  for (const name of namesIn(reports)) if (name.endsWith(".json")) files.push(join(reports, name));
  for (const path of files) {
    const head = readHead(path);
    const version = Number(/^\s*\{\s*"version"\s*:\s*(\d{1,9})\b/.exec(head)?.[1] ?? 0);
    if (version > STATE_VERSION) throw newerState(path, head, version);
  }
}

/**
 * The error for a file that this build cannot read because a newer build wrote it; undefined: the file is
 * damaged. `hasUnknownFields`: the file is valid except for fields that this build does not have.
 */
export function findNewerState(
  path: string,
  text: string,
  hasUnknownFields: boolean,
): SensorError | undefined {
  const parsed = parseJson(text);
  const version = (parsed as { version?: unknown } | null | undefined)?.version;
  if (!Number.isSafeInteger(version)) return undefined;
  const isNewer =
    (version as number) > STATE_VERSION ||
    hasUnknownFields ||
    isLaterRelease(fieldOf(text, "release"), RELEASE);
  return isNewer ? newerState(path, text, version as number) : undefined;
}

function newerState(path: string, text: string, version: number): SensorError {
  const release = fieldOf(text, "release");
  const writer =
    release === undefined
      ? "an unnamed newer build"
      : `attacklens-sensor ${describe(release, fieldOf(text, "commit"))}`;
  return new SensorError(
    "identity",
    `Cannot use ${path}: ${writer} wrote it, with state version ${version}; this is attacklens-sensor ${describe(RELEASE, COMMIT)}, which supports state version ${STATE_VERSION}; nothing was changed`,
    `install attacklens-sensor ${release === undefined ? "in its latest release" : `${toPlainText(release, 40)} or newer`} and repeat the command; do not change the folder: it holds this host's identity`,
  );
}

function describe(release: string, commit: string | undefined): string {
  const known = commit !== undefined && commit !== "unknown";
  return toPlainText(known ? `${release} (commit ${commit.slice(0, 60)})` : release, 120);
}

function fieldOf(text: string, name: "release" | "commit"): string | undefined {
  return new RegExp(`"${name}"\\s*:\\s*"([\\w.+-]{1,60})"`).exec(text)?.[1];
}

/** Releases are numbers between dots, e.g. `2026.11.0`. */
export function isLaterRelease(release: string | undefined, than: string): boolean {
  if (release === undefined) return false;
  const [a, b] = [release, than].map((one) => one.split(".").map(Number)) as [number[], number[]];
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

function readHead(path: string): string {
  try {
    // Opening a FIFO would block. Windows has neither FIFOs in folders nor the flag.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.subarray(0, readSync(file, bytes)).toString("utf8");
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
