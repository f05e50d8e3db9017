// Writes the result of a cycle. Loads no schema: a sensor at rest uses it, too.
import { join } from "node:path";
import { writeFileAtomically } from "./atomic-file.ts";
import { STAMP } from "./state-version.ts";
import type { SensorStatusFile } from "./status-file.ts";

export function statusPath(stateDir: string): string {
  return join(stateDir, "status.json");
}

/** Throws the system's error. */
export function writeStatus(stateDir: string, status: SensorStatusFile): void {
  writeFileAtomically(statusPath(stateDir), `${JSON.stringify({ ...STAMP, ...status }, null, 2)}\n`);
}

/** When a running sensor has written another status for certain. */
export function overdueAfter(at: string, intervalMs: number): string {
  return new Date(Date.parse(at) + 2 * intervalMs).toISOString();
}
