// How a trial ended without success, in words, and whether it counts against the new version.
import { readFileSync } from "node:fs";
import { toPlainText } from "@attacklens/protocol/plain-text.ts";
import { runTool } from "../service/system-tool.ts";
import { EXEC_FAILED, TRIAL_UNIT } from "../service/systemd.ts";
import { readStatus } from "../state/status-file.ts";
import type { Trial, TrialEnd } from "./update-record.ts";
import type { UpdateContext } from "./update-state.ts";

const PROPERTIES = "ActiveState,Result,ExecMainCode,ExecMainStatus,ExecMainStartTimestampMonotonic";
const IN_TIME = "no check-in and inventory of it were accepted in time";
const RESTARTED: TrialEnd = { reason: "the host restarted during the trial", counts: "yes" };
const NEVER_RAN: TrialEnd = { reason: "the trial did not begin", counts: "no" };

/** Of the running system; undefined: this system has none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Called by the version that ran before. Undefined: the trial has not ended yet. */
export async function readTrialEnd(trial: Trial, context: UpdateContext): Promise<TrialEnd | undefined> {
  const isThisBoot = trial.bootId !== undefined && trial.bootId === readBootId();
  if (trial.by === "parent")
    return isThisBoot ? { reason: "the sensor was killed during the trial", counts: "yes" } : RESTARTED;
  const { stdout } = await runTool(["systemctl", "show", TRIAL_UNIT, `--property=${PROPERTIES}`]);
  const ended = parseTrialEnd(stdout, isThisBoot);
  return ended && withLastProblem(ended, context);
}

/** Adds the last problem of the version on trial, if that has written one. */
export function withLastProblem(ended: TrialEnd, { record, paths }: UpdateContext): TrialEnd {
  const status = readStatus(paths.stateDir);
  const since = record().attempt?.at ?? "";
  if (!status?.problem || Date.parse(status.at) < Date.parse(since)) return ended;
  return { ...ended, reason: toPlainText(`${ended.reason}; its last problem: ${status.problem}`, 400) };
}

/** Makes systemd forget a failure that is recorded now: it would report a degraded host. */
export async function forgetTrialUnit(): Promise<void> {
  await runTool(["systemctl", "reset-failed", TRIAL_UNIT]);
}

/** Parses the output of `systemctl show`. `isThisBoot`: the system has not restarted since. */
export function parseTrialEnd(text: string, isThisBoot: boolean): TrialEnd | undefined {
  const find = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  if (Number(find("ExecMainStartTimestampMonotonic")) === 0) return isThisBoot ? NEVER_RAN : RESTARTED;
  if (["active", "activating", "deactivating", "reloading"].includes(find("ActiveState"))) return undefined;
  const counts = "yes" as const;
  switch (find("Result")) {
    case "timeout":
      return { reason: IN_TIME, counts: "if-stable-connects" };
    case "watchdog":
      return { reason: "it hung, and the watchdog of systemd ended it", counts };
    case "oom-kill":
      return { reason: "it used too much memory", counts };
    default: {
      const status = find("ExecMainStatus");
      if (Number(status) === EXEC_FAILED)
        return { reason: "systemd could not run it (status 203/EXEC)", counts };
      if (find("ExecMainCode") !== "1") return { reason: `signal ${status} ended it`, counts };
      return { reason: `it ended with exit code ${status}`, counts };
    }
  }
}

/** The end of a child process. `isTimeUp`: its time was over, so it was stopped. */
export function describeChildEnd(
  exitCode: number | null,
  signal: string | number | null,
  isTimeUp: boolean,
): TrialEnd {
  if (isTimeUp) return { reason: IN_TIME, counts: "if-stable-connects" };
  const reason = signal === null ? `it ended with exit code ${exitCode}` : `${signal} ended it`;
  return { reason, counts: "yes" };
}
