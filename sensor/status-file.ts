// What the running sensor last knew, for `status`: written after every cycle, so that a look costs the server nothing.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { instant } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import { writeFileAtomically } from "./atomic-file.ts";

export const SENSOR_STATES = [
  "connected",
  "server-unreachable",
  "awaiting-approval",
  "blocked",
  "unknown-to-server",
  "refused",
] as const;

const statusFile = z.strictObject({
  state: z.enum(SENSOR_STATES),
  /** When the state was found. */
  at: instant,
  /** Two intervals later: a sensor that runs has written another status by then. Absent after `run --once`. */
  overdueAt: instant.optional(),
  lastCheckInAt: instant.nullable(),
  /** Why the last cycle failed. */
  problem: z.string().nullable(),
  failedCategories: z.array(z.strictObject({ category: z.string(), reason: z.string() })),
});
export type SensorStatusFile = z.infer<typeof statusFile>;

const pathIn = (stateDir: string) => join(stateDir, "status.json");

export function writeStatus(stateDir: string, status: SensorStatusFile): void {
  writeFileAtomically(pathIn(stateDir), `${JSON.stringify(status, null, 2)}\n`);
}

/** Undefined when the sensor never ran, or left something that cannot be read: it will be written anew. */
export function readStatus(stateDir: string): SensorStatusFile | undefined {
  try {
    return statusFile.parse(JSON.parse(readFileSync(pathIn(stateDir), "utf8")));
  } catch {
    return undefined;
  }
}
