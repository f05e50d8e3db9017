// The flag --root: the host's files, mounted into the container of the sensor.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { OWNER_SETTINGS, windowsOwnerSettings } from "@attacklens/protocol/installed-paths.ts";
import { SensorError } from "../sensor-error.ts";
import { windowsFolders } from "../settings.ts";
import { systemReason } from "../system-reason.ts";

export const ROOT_FLAG = { root: { type: "string" } } as const;

/** The root folder of the host's files; absent: this system's own. Throws SensorError. */
export function readRoot(root: string | undefined): string {
  if (root === undefined || root === "/") return "/";
  if (!root.startsWith("/")) throw unusable(root, "it is not an absolute path");
  for (const folder of ["etc", "proc"])
    if (!isFolder(`${root}/${folder}`)) throw unusable(root, `it has no folder ${folder}`);
  return root;
}

/** For images and mounted hosts, which need not run. Throws SensorError. */
export function readImageRoot(root: string | undefined): string {
  // On Windows, resolving would give it the letter of a drive.
  if (root === undefined || root === "/") return "/";
  const path = resolve(root);
  const why = whyNoFolder(path);
  if (why === undefined) return path;
  throw new SensorError(
    "usage",
    `Cannot use --root ${JSON.stringify(root)}: ${why}`,
    "use the folder that has the root of the host or the image, e.g. --root /mnt/image",
  );
}

/** Where the owner of the host has settings for the sensor, as a path on the host. */
export function ownerSettingsPath(root: string): string {
  const isWindows = root === "/" && process.platform === "win32";
  return isWindows ? windowsOwnerSettings(windowsFolders().programFiles) : OWNER_SETTINGS;
}

function whyNoFolder(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : "it is not a folder";
  } catch (error) {
    return errnoCode(error) === "ENOENT" ? "there is no such folder" : systemReason(error);
  }
}

function unusable(root: string, why: string): SensorError {
  return new SensorError(
    "usage",
    `Cannot use --root ${JSON.stringify(root)}: ${why}`,
    "mount the root folder of the host there, with its /proc and /sys",
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
