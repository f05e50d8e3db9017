// A trial without systemd: the stable version, whose cycles are over, starts the new one as its child and
// waits for its end. Then it ends, and the supervisor of the service starts whichever version is stable.

import { programOf, restoreProgram } from "../service/program-files.ts";
import { childEnvironment } from "../settings.ts";
import { describeChildEnd, withLastProblem } from "./trial-end.ts";
import type { TrialEnd } from "./update-record.ts";
import type { UpdateContext } from "./update-state.ts";

const STOP_MS = 30_000;
const PARENT_POLL_MS = 2_000;

/** Does nothing unless a trial is due. `stop`: the supervisor stops the service. Never throws. */
export async function runTrial(context: UpdateContext, stop: AbortSignal): Promise<void> {
  const { record, change, paths, release, by, longestTrialMs } = context;
  const { trial } = record();
  if (trial?.from !== release || trial.ended || by !== "parent") return;
  let ended: TrialEnd;
  try {
    if (stop.aborted) throw new Error("the service was stopped before");
    const child = Bun.spawn([programOf(paths, trial.version), "run"], {
      env: childEnvironment(),
      stdio: ["ignore", "inherit", "inherit"],
    });
    let isTimeUp = false;
    const endChild = () => {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), STOP_MS).unref();
    };
    stop.addEventListener("abort", endChild);
    const timer = setTimeout(() => {
      isTimeUp = true;
      endChild();
    }, longestTrialMs);
    await child.exited;
    clearTimeout(timer);
    ended = stop.aborted
      ? { reason: "the service was stopped during the trial", counts: "no" }
      : describeChildEnd(child.exitCode, child.signalCode, isTimeUp);
  } catch (error) {
    const counts = stop.aborted ? "no" : "yes";
    ended = { reason: `it cannot be started: ${(error as Error).message}`, counts };
  }
  restoreProgram(paths);
  change({ ...record(), trial: { ...trial, ended: withLastProblem(ended, context) } });
}

/** In a version on trial that is a child: without its parent, nothing would bring the other version back. */
export function endWithParent({ end }: UpdateContext): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_POLL_MS).unref();
}
