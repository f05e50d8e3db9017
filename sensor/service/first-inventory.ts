// Waits for the first inventory that the server accepts from the started service. The sensor's files say so.
import { countSpooledReports } from "../reporting/spool-files.ts";
import { readStatus, SENSOR_STATES, type SensorState, type SensorStatusFile } from "../state/status-file.ts";
import { serviceProblem } from "./service-problems.ts";
import type { ServiceManager } from "./service-state.ts";
import { EXEC_FAILED, execFailed } from "./systemd.ts";

const POLL_MS = 200;
const STATE_POLL_MS = 2_000;
/** Time and the server may end these. All others need an operator. */
const PASSING: readonly SensorState[] = [
  "connected",
  "ownership-undecided",
  "server-unreachable",
  "server-in-trouble",
];

export type FirstInventory =
  | { is: "accepted" }
  | { is: "awaiting-approval" }
  /** The server does not accept it, or not yet. */
  | { is: "refused"; state: SensorState; problem: string };

/**
 * `sinceMs`: earlier results do not count. Throws SensorError if the service ends, and after the timeout if
 * the sensor has not reported a problem either, or when the signal ends the wait.
 */
export async function waitForFirstInventory({
  stateDir,
  manager,
  sinceMs,
  waitMs,
  signal,
}: {
  stateDir: string;
  manager: ServiceManager;
  sinceMs: number;
  waitMs: number;
  signal: AbortSignal;
}): Promise<FirstInventory> {
  const deadline = performance.now() + waitMs;
  let nextLookAt = performance.now();
  for (;;) {
    const status = readStatus(stateDir);
    const result = status && isCurrent(status, sinceMs) ? resultOf(status, stateDir) : undefined;
    if (result && (result.is !== "refused" || !PASSING.includes(result.state))) return result;
    if (performance.now() > nextLookAt) {
      await requireRunning(manager);
      nextLookAt = performance.now() + STATE_POLL_MS;
    }
    if (signal.aborted) throw serviceProblem("no-inventory");
    if (performance.now() > deadline) {
      if (result) return result;
      throw serviceProblem("no-inventory");
    }
    await Bun.sleep(POLL_MS);
  }
}

/** A service that was running before has reported before, too. */
function isCurrent({ at, overdueAt }: SensorStatusFile, sinceMs: number): boolean {
  return Date.parse(at) >= sinceMs && overdueAt !== undefined && Date.parse(overdueAt) > Date.now();
}

function resultOf({ state, problem }: SensorStatusFile, stateDir: string): FirstInventory | undefined {
  if (state === "awaiting-approval") return { is: "awaiting-approval" };
  if (SENSOR_STATES[state] !== "done")
    return { is: "refused", state, problem: problem ?? state.replaceAll("-", " ") };
  // A check-in without an inventory leaves the report in the spool.
  const isTaken = state === "connected" && countSpooledReports(stateDir).waiting === 0;
  return isTaken ? { is: "accepted" } : undefined;
}

async function requireRunning(manager: ServiceManager): Promise<void> {
  const { is, exitCode, lastEnd } = await manager.readState();
  if (is === "running" || is === "starting") return;
  if (manager.name === "systemd" && exitCode === EXEC_FAILED) throw execFailed();
  throw serviceProblem("ended-early", lastEnd ?? is);
}
