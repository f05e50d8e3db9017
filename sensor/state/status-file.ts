// The result of the last cycle, for `status`. The sensor writes it after every cycle, so that `status` needs
// no request.
import { readFileSync, rmSync } from "node:fs";
import { REASONED_STATUSES } from "@attacklens/protocol/inventory/results.ts";
import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";
import { instant } from "@attacklens/protocol/text.ts";
import { z } from "zod";
import { stampSchema } from "./stamp-schema.ts";
import { statusPath } from "./write-status.ts";

/** The states of a sensor, and the exit code of a command that finds it in that state. */
export const SENSOR_STATES = {
  connected: "done",
  /** Another instance may own this sensor's key. The server decides which one. */
  "ownership-undecided": "done",
  "server-unreachable": "serverUnreachable",
  "server-in-trouble": "serverInTrouble",
  "awaiting-approval": "awaitingApproval",
  blocked: "blocked",
  "unknown-to-server": "unknownToServer",
  /** Server identity mismatch: the reply is not from the server that this sensor enrolled with. */
  "wrong-server": "wrongServer",
  "clock-wrong": "clockWrong",
  /** Another host owns the key, and the token rejects this clone. */
  cloned: "keyNotOurs",
  "key-replaced": "keyNotOurs",
  refused: "sensorRefused",
} as const satisfies Record<string, ExitName>;
export type SensorState = keyof typeof SENSOR_STATES;

const statusFile = z.strictObject({
  state: z.enum(Object.keys(SENSOR_STATES) as [SensorState, ...SensorState[]]),
  /** End of the cycle. */
  at: instant,
  /** Two intervals later: a running sensor has written another status by then. Absent after `run --once`. */
  overdueAt: instant.optional(),
  lastCheckInAt: instant.nullable(),
  /** The server's clock minus this host's. Absent: no correction was needed. */
  clockOffsetMs: z.number().optional(),
  /** Why the last cycle failed. */
  problem: z.string().nullable(),
  failedCategories: z.array(
    z.strictObject({ category: z.string(), status: z.enum(REASONED_STATUSES), reason: z.string() }),
  ),
  /** Categories that the owner of the host does not want to be reported. */
  switchedOff: z.array(z.string()).default([]),
});
const stampedStatusFile = statusFile.extend(z.object(stampSchema).partial().shape);
export type SensorStatusFile = z.input<typeof statusFile>;

export function removeStatus(stateDir: string): void {
  rmSync(statusPath(stateDir), { force: true });
}

/** Undefined if the sensor never ran or the file cannot be read. The next cycle overwrites it. */
export function readStatus(stateDir: string): SensorStatusFile | undefined {
  try {
    const text = readFileSync(statusPath(stateDir), "utf8");
    const stamped = stampedStatusFile.parse(JSON.parse(text));
    const { version: _version, release: _release, commit: _commit, ...status } = stamped;
    return status;
  } catch {
    return undefined;
  }
}
