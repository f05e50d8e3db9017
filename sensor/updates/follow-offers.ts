// Follows the server's offers while the stable version runs: prepares the offered release in the background,
// and starts its trial between two cycles if the server still offers it.
import { existsSync } from "node:fs";
import type { Cycle } from "../reporting/cycle.ts";
import type { UpdateOffer } from "../reporting/update-offer.ts";
import { isStable, linkTrial, programOf, removeTrial } from "../service/program-files.ts";
import { runTool } from "../service/system-tool.ts";
import { TRIAL_UNIT } from "../service/systemd.ts";
import { systemReason } from "../system-reason.ts";
import { backOffMs, jitteredMs } from "../transport/back-off.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";
import { prepareRelease, UpdateFailure } from "./prepare-release.ts";
import { readBootId } from "./trial-end.ts";
import { findFailure, type Trial } from "./update-record.ts";
import type { UpdateContext } from "./update-state.ts";

/** Hosts that get an offer at the same time start their downloads within so many intervals. */
const SPREAD_INTERVALS = 3;
/** Pause after a failure that an operator must correct. A new offer ends it. */
const FAILED_MS = 60 * 60_000;

/** Exit codes above are signals. */
const SIGNALED = 128;

interface Preparing {
  offer: UpdateOffer;
  /** The counter of the release whose program is in place. */
  counter?: number;
  /** A check-in has reported it as verified, and its reply still had the offer. */
  isReported?: boolean;
  stop: () => void;
}

/** `follow` follows the reply of each cycle. `isIdle`: no release is being prepared. */
export function followOffers(context: UpdateContext) {
  let preparing: Preparing | undefined;
  let last: Cycle;

  function cancel(): void {
    preparing?.stop();
    preparing = undefined;
  }

  function begin(offer: UpdateOffer, intervalMs: number): void {
    cancel();
    const stopped = new AbortController();
    const signal = AbortSignal.any([stopped.signal, context.ended]);
    const begun: Preparing = { offer, stop: () => stopped.abort() };
    preparing = begun;
    if (!isAbout(context, offer)) context.change(context.withAttempt(offer, "downloading"));
    const delayMs = context.random() * SPREAD_INTERVALS * intervalMs;
    void prepare(context, begun, { delayMs, signal, cycle: () => last });
  }

  async function follow(cycle: Cycle, nextMs: number): Promise<void> {
    last = cycle;
    context.noteClock(cycle.clockOffsetMs);
    // Without a reply, the last offer still holds.
    if (!cycle.result || cycle.result.undecided || context.record().trial) return;
    const { offer } = cycle.result;
    if (!offer || offer.version === context.release) {
      cancel();
      forgetUnfinished(context);
      return;
    }
    const failed = findFailure(context.record(), offer);
    if (failed) {
      cancel();
      if (!isAbout(context, offer))
        context.change(context.withAttempt(offer, "skipped", `it failed on this host: ${failed.reason}`));
      return;
    }
    if (preparing?.offer.version !== offer.version || preparing.offer.attempt !== offer.attempt)
      begin(offer, nextMs);
    else if (preparing.counter !== undefined) {
      // It may have been ready before the check-in, or only before the reply.
      if (!preparing.isReported) preparing.isReported = true;
      else if (!(await startTrial(context, offer, preparing.counter))) cancel();
    }
  }

  return { follow, isIdle: () => preparing === undefined };
}

function isAbout({ record }: UpdateContext, { version, attempt }: UpdateOffer): boolean {
  const known = record().attempt;
  return known?.version === version && known.attempt === attempt;
}

/** The server withdrew its offer. */
function forgetUnfinished({ record, change }: UpdateContext): void {
  const { attempt, ...rest } = record();
  if (attempt && ["downloading", "verified"].includes(attempt.state)) change(rest);
}

/** Repeats until the program is in place or the offer is withdrawn. Never throws. */
async function prepare(
  context: UpdateContext,
  preparing: Preparing,
  { delayMs, signal, cycle }: { delayMs: number; signal: AbortSignal; cycle: () => Cycle },
): Promise<void> {
  const { offer } = preparing;
  const { paths, release, target, rootKeys, proxy, change, withAttempt, pause, random, log } = context;
  let pauseMs = delayMs;
  for (let failures = 1; ; failures++) {
    await pause(pauseMs, signal);
    if (signal.aborted) return;
    const { accepted, keySerial } = context.record();
    const { server, ca, proxy: own } = cycle().identity;
    try {
      const verified = await prepareRelease({
        ...{ version: offer.version, origin: { server, ca, proxy: own ?? proxy }, signal },
        ...{ paths, release, target, rootKeys, keySerial, now: context.now() },
        counter: accepted?.version === release ? accepted.counter : undefined,
        onVerified({ releaseKeys: { serial } }) {
          change({ ...withAttempt(offer, "downloading"), keySerial: Math.max(serial, keySerial ?? 0) });
        },
      });
      if (signal.aborted) return;
      change(withAttempt(offer, "verified"));
      log(`update: ${offer.version} is verified`);
      preparing.counter = verified.manifest.counter;
      return;
    } catch (error) {
      if (signal.aborted) return;
      const { message } = error as Error;
      const canWait = error instanceof Unreachable || error instanceof Refused;
      const reason = canWait || error instanceof UpdateFailure ? message : systemReason(error);
      change(withAttempt(offer, canWait ? "downloading" : "failed", reason));
      const askedMs = error instanceof Unreachable ? jitteredMs(error.retryAfterMs / 0.9, random) : 0;
      pauseMs = canWait ? Math.max(askedMs, backOffMs(failures, random)) : jitteredMs(FAILED_MS, random);
      log(`update: ${offer.version}: ${reason}; next attempt in ${Math.ceil(pauseMs / 1000)} s`);
    }
  }
}

/** Returns false if the release must be prepared again. */
async function startTrial(context: UpdateContext, offer: UpdateOffer, counter: number): Promise<boolean> {
  const { paths, release, program, by, record, save, change, withAttempt, end, log } = context;
  using lock = context.tryLock();
  // The next cycle tries again.
  if (!lock) return true;
  // `install` has put another version in place, and restarts the service.
  if (!isStable(paths, release, program)) return true;
  if (!existsSync(programOf(paths, offer.version))) return false;
  const trial: Trial = { ...offer, counter, from: release, bootId: readBootId(), by };
  try {
    linkTrial(paths, offer.version);
    save({ ...withAttempt(offer, "trial"), trial });
  } catch (error) {
    change(withAttempt(offer, "failed", `the trial cannot begin: ${systemReason(error)}`));
    return true;
  }
  log(`update: the trial of ${offer.version} begins`);
  if (by === "parent") {
    end();
    return true;
  }
  const { code, reason } = await runTool(["systemctl", "start", "--no-block", TRIAL_UNIT]);
  // A signal: systemd stops this service, and the tool with it.
  if (code === 0 || code > SIGNALED) return true;
  removeTrial(paths);
  const hint = "run attacklens-sensor install again";
  change({
    ...record(),
    ...withAttempt(offer, "failed", `systemd does not start the trial: ${reason}; ${hint}`),
    trial: undefined,
  });
  return true;
}
