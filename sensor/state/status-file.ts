// What the running sensor last knew, for `status`: written after every cycle, so that a look costs the server nothing.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { instant } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import type { ExitName } from "../sensor-error.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { STAMP, stampSchema } from "./state-version.ts";

/** How it stands with the server, and what a command that finds it so ends with. */
export const SENSOR_STATES = {
  connected: "done",
  /** Another start of this sensor holds the key, or did a moment ago: the server settles which it is. */
  "ownership-undecided": "done",
  "server-unreachable": "serverUnreachable",
  "server-in-trouble": "serverInTrouble",
  "awaiting-approval": "awaitingApproval",
  blocked: "blocked",
  "unknown-to-server": "unknownToServer",
  /** Who answers is not the server that this sensor enrolled with. */
  "wrong-server": "wrongServer",
  "clock-wrong": "clockWrong",
  /** Another host holds the key, and this one is not let in with another. */
  cloned: "keyNotOurs",
  "key-replaced": "keyNotOurs",
  refused: "sensorRefused",
} as const satisfies Record<string, ExitName>;
export type SensorState = keyof typeof SENSOR_STATES;

const statusFile = z.strictObject({
  state: z.enum(Object.keys(SENSOR_STATES) as [SensorState, ...SensorState[]]),
  /** When the state was found. */
  at: instant,
  /** Two intervals later: a sensor that runs has written another status by then. Absent after `run --once`. */
  overdueAt: instant.optional(),
  lastCheckInAt: instant.nullable(),
  /** The server's clock minus this host's, when it had to be corrected by. */
  clockOffsetMs: z.number().optional(),
  /** Why the last cycle failed. */
  problem: z.string().nullable(),
  failedCategories: z.array(z.strictObject({ category: z.string(), reason: z.string() })),
});
const stampedStatusFile = statusFile.extend(z.object(stampSchema).partial().shape);
export type SensorStatusFile = z.infer<typeof statusFile>;

const pathIn = (stateDir: string) => join(stateDir, "status.json");

export function writeStatus(stateDir: string, status: SensorStatusFile): void {
  writeFileAtomically(pathIn(stateDir), `${JSON.stringify({ ...STAMP, ...status }, null, 2)}\n`);
}

export function removeStatus(stateDir: string): void {
  rmSync(pathIn(stateDir), { force: true });
}

/** Undefined when the sensor never ran, or left something that cannot be read: it will be written anew. */
export function readStatus(stateDir: string): SensorStatusFile | undefined {
  try {
    const text = readFileSync(pathIn(stateDir), "utf8");
    const stamped = stampedStatusFile.parse(JSON.parse(text));
    const { version: _version, release: _release, commit: _commit, ...status } = stamped;
    return status;
  } catch {
    return undefined;
  }
}
