// The flag --root: the host's files, mounted into the container of the sensor.
import { statSync } from "node:fs";
import { SensorError } from "../sensor-error.ts";

export const ROOT_FLAG = { root: { type: "string" } } as const;

/** The root folder of the host's files; absent: this system's own. Throws SensorError. */
export function readRoot(root: string | undefined): string {
  if (root === undefined || root === "/") return "/";
  if (!root.startsWith("/")) throw unusable(root, "it is not an absolute path");
  for (const folder of ["etc", "proc"])
    if (!isFolder(`${root}/${folder}`)) throw unusable(root, `it has no folder ${folder}`);
  return root;
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
