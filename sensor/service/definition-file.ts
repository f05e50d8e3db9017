// Writes and removes the file that defines the service.
import { chmodSync, readFileSync, readlinkSync } from "node:fs";
import { writeFileAtomically } from "../state/atomic-file.ts";
import { removeEntry } from "./program-files.ts";
import { serviceProblem } from "./service-problems.ts";

/** Returns whether the file changed. Throws SensorError if it is masked, and the system's error. */
export function writeDefinition(path: string, text: string, mode: number): boolean {
  if (isMasked(path)) throw serviceProblem("service-masked", path);
  const changes = readText(path) !== text;
  if (changes) writeFileAtomically(path, text);
  // A killed command may have written the file with the mode of a new file.
  chmodSync(path, mode);
  return changes;
}

/** Returns the path if it existed. */
export function removeDefinition(path: string): string[] {
  return removeEntry(path) ? [path] : [];
}

/** An operator masks a unit with a link to /dev/null. */
function isMasked(path: string): boolean {
  try {
    return readlinkSync(path) === "/dev/null";
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
