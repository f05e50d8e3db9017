// Writes and removes the file that defines the service.
import { chmodSync, readFileSync } from "node:fs";
import { writeFileAtomically } from "../state/atomic-file.ts";
import { removeEntry } from "./program-files.ts";

/** Returns whether the file changed. Throws the system's error. */
export function writeDefinition(path: string, text: string, mode: number): boolean {
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

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
