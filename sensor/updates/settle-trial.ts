// After a trial: the version that runs now judges how it ended, at each start of the service and while it
// runs.
import type { Cycle } from "../reporting/cycle.ts";
import { isStable, removeOldVersions, removeTrial } from "../service/program-files.ts";
import { forgetTrialUnit, readTrialEnd } from "./trial-end.ts";
import { countFailure, findFailure, forgetFailure, type Trial } from "./update-record.ts";
import type { UpdateContext } from "./update-state.ts";

/** After so many cycles without a reply, the network was the reason. */
const MAX_CYCLES = 3;

/** Whether this process runs a version on trial. */
export function isOnTrial({ record, paths, release, program }: UpdateContext): boolean {
  return record().trial?.version === release && !isStable(paths, release, program);
}

/** Finishes what the last trial left. Does nothing while one runs. */
export async function settleTrial(context: UpdateContext): Promise<void> {
  const { record, change, withAttempt, release, log } = context;
  const { trial } = record();
  if (!trial) return removeLeftOvers(context);
  const { version, counter } = trial;
  if (version === release) {
    const accepted = { version, counter };
    change({ ...forgetFailure(withAttempt(trial, "done"), version), trial: undefined, accepted });
    log(`update: ${release} runs now in place of ${trial.from}`);
  } else if (trial.from !== release) {
    // An operator has installed this version during the trial.
    change({ ...record(), trial: undefined, attempt: undefined });
  } else {
    const ended = trial.ended ?? (await readTrialEnd(trial, context));
    if (!ended) return;
    if (ended.counts === "if-stable-connects") change({ ...record(), trial: { ...trial, ended } });
    else conclude(context, trial, ended.counts === "yes", ended.reason);
  }
  if (trial.by === "unit") await forgetTrialUnit();
  removeLeftOvers(context);
}

/**
 * Judges a trial whose time was over by whether this version can connect. `cycles`: those since the start.
 */
export function judgeByCycle(context: UpdateContext, { result }: Cycle, cycles: number): void {
  const { trial } = context.record();
  if (trial?.ended?.counts !== "if-stable-connects" || trial.from !== context.release) return;
  const connects = result !== undefined && !result.undecided;
  if (!connects && cycles < MAX_CYCLES) return;
  const reason = connects
    ? `${trial.ended.reason}, and ${trial.from} can connect`
    : `${trial.ended.reason}, and ${trial.from} cannot connect either`;
  conclude(context, trial, connects, reason);
  removeLeftOvers(context);
}

function conclude(context: UpdateContext, trial: Trial, counts: boolean, reason: string): void {
  const { record, change, withAttempt, log } = context;
  const counted = counts ? countFailure(record(), trial, reason) : record();
  const isSkipped = findFailure(counted, trial) !== undefined;
  const { attempt } = withAttempt(trial, isSkipped ? "rolled-back" : "verified", reason);
  change({ ...counted, attempt, trial: undefined });
  const next = isSkipped ? "this version is skipped here" : "it is tried again if the server offers it";
  log(`update: the trial of ${trial.version} failed: ${reason}; ${next}`);
}

/** Keeps the program of a version that is tried again. */
function removeLeftOvers({ record, paths, tryLock, log }: UpdateContext): void {
  const { trial, attempt } = record();
  if (trial) return;
  using lock = tryLock();
  if (!lock) return;
  try {
    removeTrial(paths);
    if (attempt?.state !== "verified" && attempt?.state !== "downloading") removeOldVersions(paths);
  } catch (error) {
    log(`update: old versions cannot be removed: ${(error as Error).message}`);
  }
}
