// The update of the running sensor, beside its cycles. The stable version follows the server's offers. A
// version on trial waits for its success, and then ends, so that the service starts it as the stable one.
import type { UpdateMethod, UpdateReport } from "@attacklens/protocol/updates.ts";
import type { Cycle } from "../reporting/cycle.ts";
import { isStable, promote } from "../service/program-files.ts";
import { readStatus } from "../state/status-file.ts";
import { systemReason } from "../system-reason.ts";
import { followOffers } from "./follow-offers.ts";
import { endWithParent, runTrial } from "./run-trial.ts";
import { isOnTrial, judgeByCycle, settleTrial } from "./settle-trial.ts";
import { openUpdateContext, type UpdateContext, type UpdateOptions } from "./update-state.ts";

export interface Updates {
  /** What the server learns at check-ins. */
  report(): UpdateReport;
  /** Follows the reply of a cycle. Never throws. */
  betweenCycles(cycle: Cycle, nextMs: number): Promise<void>;
  /** Whether nothing is to be done before the server offers something else. */
  isIdle(): boolean;
  /** Aborted when this process should end, so that another version runs. */
  ended: AbortSignal;
  /** After the last cycle, without the lock of the state folder. `stop`: the service is stopped. */
  finish(stop: AbortSignal): Promise<void>;
}

/** For a sensor that something else updates. */
export function openForeignUpdates(method: Exclude<UpdateMethod, "self">, target: string): Updates {
  const ended = new AbortController().signal;
  const nothing = async () => {};
  const report = () => ({ method, target });
  return { report, betweenCycles: nothing, isIdle: () => true, ended, finish: nothing };
}

/** Judges the last trial first. */
export async function openUpdates(options: UpdateOptions): Promise<Updates> {
  const context = openUpdateContext(options);
  const { target, record, log, ended } = context;
  const onTrial = isOnTrial(context);
  if (onTrial && record().trial?.by === "parent") endWithParent(context);
  // No problem with an update may keep the sensor from reporting.
  if (!onTrial) await settleTrial(context).catch((error: unknown) => log(`update: ${systemReason(error)}`));
  const { follow, isIdle } = onTrial
    ? { follow: awaitSuccess(context), isIdle: () => false }
    : runStable(context);
  return {
    report: () => ({ method: "self", target, attempt: record().attempt }),
    async betweenCycles(cycle, nextMs) {
      try {
        await follow(cycle, nextMs);
      } catch (error) {
        log(`update: ${systemReason(error)}`);
      }
    },
    isIdle: () => isIdle() && record().trial === undefined,
    ended,
    finish: (stop) => runTrial(context, stop),
  };
}

function runStable(context: UpdateContext): ReturnType<typeof followOffers> {
  const { follow, isIdle } = followOffers(context);
  let cycles = 0;
  return {
    async follow(cycle, nextMs) {
      cycles++;
      // A trial was about to begin, but this version still runs.
      const { trial } = context.record();
      if (trial && !trial.ended) await settleTrial(context);
      judgeByCycle(context, cycle, cycles);
      await follow(cycle, nextMs);
    },
    isIdle,
  };
}

/** In a version on trial. */
function awaitSuccess(context: UpdateContext): (cycle: Cycle) => Promise<void> {
  const { paths, release, record, log, end } = context;
  // A category that the other version could not collect either does not count.
  const failedBefore = readStatus(paths.stateDir)?.failedCategories.map(({ category }) => category) ?? [];
  return async ({ result }) => {
    const trial = record().trial;
    if (!trial || !result?.isTaken || result.undecided) return;
    const worse = result.failed.filter(({ category }) => !failedBefore.includes(category));
    if (worse.length > 0) {
      log(`update: the trial goes on: ${worse.map(({ category }) => category).join(", ")} failed`);
      return;
    }
    using lock = context.tryLock();
    if (!lock) return;
    // `install` has put another version in place.
    if (isStable(paths, trial.from, paths.program)) promote(paths, release);
    log(`update: ${release} has checked in, and its inventory was accepted: the trial is over`);
    end();
  };
}
