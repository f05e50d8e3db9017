// The timing of a running sensor: report, wait, report. A change of the identity on disk ends the wait.
import { statSync } from "node:fs";
import { type EnrolledIdentity, identityPath, isSameIdentity, readIdentity } from "../state/identity.ts";
import { backOffMs, jitteredMs, wait } from "../transport/back-off.ts";
import { type Cycle, type CycleOptions, openCycle, REFUSED_INTERVAL_MS } from "./cycle.ts";

/**
 * The interval of a sensor that awaits approval, and the maximum pause after another instance with the same
 * key has overtaken this one.
 */
const AWAITING_INTERVAL_MS = 60_000;

export interface RunOptions extends CycleOptions {
  onCycle: (cycle: Cycle, nextMs: number) => void;
  /** Runs between two cycles, before the wait of `nextMs`. */
  betweenCycles?: (cycle: Cycle, nextMs: number) => Promise<void>;
  /** Resolves when the next cycle has more to report than this one; undefined: it reported everything. */
  more?: () => Promise<unknown> | undefined;
  /**
   * May replace this process by one at rest, which waits in its place. Otherwise, it returns the time that is
   * left of `nextMs`.
   */
  rest?: (cycle: Cycle, nextMs: number) => Promise<number>;
  /** Waits between two cycles. */
  pause?: typeof wait;
}

/** Runs cycles until the signal is aborted. */
export async function run(options: RunOptions): Promise<void> {
  const { pause = wait } = options;
  const cycle = openCycle(options);
  let failures = 0;
  let lostRaces = 0;
  while (!options.signal.aborted) {
    const outcome = await untilStopped(cycle, options.signal);
    if (outcome === undefined) return;
    failures = outcome.isUnreachable ? failures + 1 : 0;
    lostRaces = hasLostRace(outcome) ? lostRaces + 1 : 0;
    const nextMs = pauseAfter(outcome, failures, lostRaces);
    options.onCycle(outcome, nextMs);
    await options.betweenCycles?.(outcome, nextMs);
    const leftMs = (await options.rest?.(outcome, nextMs)) ?? nextMs;
    using change = watchIdentity(options.stateDir, outcome.identity);
    const ends = [options.signal, change.signal];
    // Only a server that accepted the first part gets the rest at once.
    const more = outcome.result && options.more?.();
    await pause(leftMs, AbortSignal.any(more ? [...ends, signalAfter(more)] : ends));
  }
}

/** Undefined: the sensor was stopped. */
export async function untilStopped<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    const outcome = await work();
    return signal.aborted ? undefined : outcome;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function signalAfter(end: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  end.then(abort, abort);
  return controller.signal;
}

/** Whether requests of other instances with the same key overtook this one's. */
function hasLostRace({ state, result }: Cycle): boolean {
  return state === "ownership-undecided" && result === undefined;
}

function pauseAfter(cycle: Cycle, failures: number, lostRaces: number): number {
  const { state, result, isUnreachable, retryAfterMs } = cycle;
  // Varied by up to a tenth, and never shorter than the server requested.
  if (isUnreachable) return retryAfterMs > 0 ? jitteredMs(retryAfterMs / 0.9) : backOffMs(failures);
  if (lostRaces > 0) return Math.min(jitteredMs(AWAITING_INTERVAL_MS), backOffMs(lostRaces));
  if (state === "awaiting-approval") return jitteredMs(AWAITING_INTERVAL_MS);
  return jitteredMs(result ? result.checkInIntervalSeconds * 1000 : REFUSED_INTERVAL_MS);
}

/** How often a waiting sensor checks whether `enroll` has replaced the identity. */
const IDENTITY_POLL_MS = 5_000;

/**
 * Aborts its signal when the identity file is replaced, or immediately if it has been replaced since the last
 * request.
 */
function watchIdentity(stateDir: string, lastUsed: EnrolledIdentity): { signal: AbortSignal } & Disposable {
  const version = () => {
    const stat = statSync(identityPath(stateDir), { throwIfNoEntry: false });
    return stat && `${stat.ino} ${stat.mtimeMs}`;
  };
  const controller = new AbortController();
  const before = version();
  if (isReplaced(stateDir, lastUsed)) controller.abort();
  const timer = setInterval(() => {
    if (version() !== before) controller.abort();
  }, IDENTITY_POLL_MS);
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

/** False for a file that cannot be read: the sensor continues with the identity that it has. */
function isReplaced(stateDir: string, lastUsed: EnrolledIdentity): boolean {
  try {
    const onDisk = readIdentity(stateDir);
    return onDisk?.state !== "enrolled" || !isSameIdentity(onDisk, lastUsed);
  } catch {
    return false;
  }
}
