// The sensor's loop: report, wait, report. Whatever the server says or does not say, the key stays and the loop goes on.
import { existsSync, statSync } from "node:fs";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import type { Collected } from "../collectors/collect.ts";
import {
  becomeClone,
  changeKey,
  connectAs,
  IdentityChanged,
  type Session,
  save,
  tryNextKey,
} from "../enrollment/key-rotation.ts";
import { SensorError } from "../sensor-error.ts";
import { type EnrolledIdentity, identityPath, isSameIdentity, readIdentity } from "../state/identity.ts";
import { readStatus, type SensorState, writeStatus } from "../state/status-file.ts";
import { backOffMs, jitteredMs, wait } from "../transport/back-off.ts";
import { parseRoots, pinOf } from "../transport/certificates.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";
import { deliver, type UploadPause } from "./deliver.ts";
import { cutReport, type Report, type ReportResult, sendReport } from "./report.ts";
import { openSpool, type Spool } from "./spool.ts";
import { removeSpool } from "./spool-files.ts";

/** How seldom a sensor asks that the server refuses. */
const REFUSED_INTERVAL_MS = 15 * 60_000;

/** How seldom a sensor asks that waits for a person, or that another instance has overtaken. */
const AWAITING_INTERVAL_MS = 60_000;

const REFUSED_STATES: Partial<Record<ProblemCode, Cycle["state"]>> = {
  "sensor-unknown": "unknown-to-server",
  "sensor-blocked": "blocked",
  "sensor-awaiting-approval": "awaiting-approval",
  "sensor-cloned": "copied",
  "key-replaced": "key-replaced",
  "clock-skewed": "clock-wrong",
  // Another instance has checked in meanwhile: the next check-in settles it.
  "state-conflict": "being-settled",
  // Others use this key, so often that each corrected nonce was overtaken too.
  "signature-replayed": "being-settled",
};

export interface Cycle {
  state: SensorState;
  problem: string | null;
  result: ReportResult | undefined;
  /** No answer came that could be trusted: trying again soon may help. */
  isUnreachable: boolean;
  /** How long the server wants to be left alone. */
  retryAfterMs: number;
  /** What else happened that a person may want to know. */
  news: string[];
}

export interface RunOptions {
  stateDir: string;
  identity: EnrolledIdentity;
  collect: () => Promise<Collected>;
  collectHost: () => Promise<HostFacts>;
  signal: AbortSignal;
  /** What the environment says, where the identity names no proxy. */
  proxy?: string | undefined;
  /** What reports that wait for the server may take of the disk. */
  maxKeptBytes?: number;
  onCycle: (cycle: Cycle, nextMs: number) => void;
  /** The clock between two cycles. */
  pause?: typeof wait;
}
type CycleOptions = Omit<RunOptions, "onCycle" | "pause">;

/** Runs cycles until the signal is aborted. */
export async function run(options: RunOptions): Promise<void> {
  const { pause = wait } = options;
  const cycle = openCycle(options);
  let failures = 0;
  while (!options.signal.aborted) {
    const outcome = await cycle();
    if (options.signal.aborted) return;
    failures = outcome.isUnreachable ? failures + 1 : 0;
    const nextMs = pauseAfter(outcome, failures);
    options.onCycle(outcome, nextMs);
    using change = watchIdentity(options.stateDir);
    await pause(nextMs, AbortSignal.any([options.signal, change.signal]));
  }
}

function pauseAfter(cycle: Cycle, failures: number): number {
  const { state, result, isUnreachable, retryAfterMs } = cycle;
  // Spread by a tenth to either side, and never less than was asked for.
  if (isUnreachable) return retryAfterMs > 0 ? jitteredMs(retryAfterMs / 0.9) : backOffMs(failures);
  if (state === "awaiting-approval" || (state === "being-settled" && !result))
    return jitteredMs(AWAITING_INTERVAL_MS);
  return jitteredMs(result ? result.checkInIntervalSeconds * 1000 : REFUSED_INTERVAL_MS);
}

/**
 * One cycle after another on one connection, which keeps what it learnt of the server's clock. Who the sensor is may change
 * between two: by its own doing, or by an `enroll` that was given a ticket.
 */
export function openCycle(options: CycleOptions & { isLast?: boolean }): () => Promise<Cycle> {
  const { stateDir, identity, isLast = false } = options;
  const connection = connectAs(identity, options.proxy);
  const session: Session = { identity, connection };
  const told = { host: false };
  const news: string[] = [];
  const pause = { untilMs: 0 };
  const kept = openSpool(stateDir, news, options.maxKeptBytes);
  return async () => {
    const outcome = await attempt(() =>
      untilSettled(() => oneCycle(options, session, told, kept, pause, news)),
    );
    outcome.news = news.splice(0);
    const at = new Date().toISOString();
    const before = readStatus(stateDir);
    // A disk that is full must not stop the reports: what `status` shows is then older.
    try {
      writeStatus(stateDir, {
        state: outcome.state,
        at,
        ...(isLast ? {} : { overdueAt: overdueAfter(at, outcome) }),
        lastCheckInAt: outcome.result ? at : (before?.lastCheckInAt ?? null),
        ...(connection.clockOffsetMs === 0 ? {} : { clockOffsetMs: connection.clockOffsetMs }),
        problem: outcome.problem,
        failedCategories: outcome.result?.failed ?? before?.failedCategories ?? [],
      });
    } catch (error) {
      outcome.problem ??= `the status could not be written: ${(error as Error).message}`;
    }
    return outcome;
  };
}

/** Begins again, with what is on disk then, when another command changes the identity meanwhile. */
async function untilSettled<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof IdentityChanged)) throw error;
    }
  }
}

/** Throws Unreachable, Refused, IdentityChanged. What the server has not taken then is kept. */
async function oneCycle(
  options: CycleOptions,
  session: Session,
  told: { host: boolean },
  kept: Spool,
  pause: UploadPause,
  news: string[],
): Promise<ReportResult> {
  const { stateDir, collect, collectHost, signal } = options;
  adoptIdentity(stateDir, session, told, options.proxy);
  const { connection } = session;
  const present = cutReport(await collect(), connection.now() + connection.clockOffsetMs);
  let isTaken = false;
  try {
    // A cut has left open which of the two keys the server takes.
    if (session.identity.nextKey) await tryNextKey(stateDir, session, await collectHost(), signal);
    const sendOne = (report: Report) => sendAs(options, session, told, news, report, report !== present);
    const result = await deliver(kept, present, pause, sendOne, connection.now, news);
    isTaken = result.isTaken;
    if (!result.held && (result.newKeyWanted || session.identity.nextKey)) {
      try {
        await changeKey(stateDir, session, await collectHost(), signal);
        news.push("changed its key");
      } catch (error) {
        // The report has arrived; the key that is there goes on to be good.
        news.push(`could not change its key: ${(error as Error).message}`);
      }
    }
    return result;
  } finally {
    if (isTaken) kept.noteTaken(present);
    // Of a sensor that was removed meanwhile nothing is to stay.
    else if (existsSync(identityPath(stateDir))) kept.keep(present);
  }
}

/** Sends one report as who this sensor is, or turns out to be, and takes over what the server answers of itself. */
async function sendAs(
  { stateDir, collectHost, signal }: CycleOptions,
  session: Session,
  told: { host: boolean },
  news: string[],
  report: Report,
  isLate: boolean,
): Promise<ReportResult> {
  const send = async () => {
    // Until it is answered, the server may not know which host this start of the sensor runs on.
    const host = told.host ? undefined : await collectHost();
    const trusts = session.identity.ca?.map(pinOf);
    return await sendReport(session.connection, report, { host, trusts, isLate, signal });
  };
  const result = await send().catch(async (error: unknown) => {
    const isClone = error instanceof Refused && error.problem.code === "sensor-cloned";
    if (!isClone || error.isAuthentic === false) throw error;
    const original = session.identity.sensorId;
    await becomeClone(stateDir, session, await collectHost(), signal);
    news.push(`another host holds the key of ${original}: this one is ${session.identity.sensorId} now`);
    told.host = false;
    return await send();
  });
  told.host = !result.held;
  const { serverKey } = result;
  if (serverKey !== undefined && serverKey !== session.identity.serverKey)
    tryTo(news, "keep the server's new key", () =>
      save(stateDir, session, { ...session.identity, serverKey }),
    );
  const ca = result.trustedCertificates && parseRoots(result.trustedCertificates);
  if (ca && session.identity.ca) {
    tryTo(news, "keep the server's new certificates", () => {
      save(stateDir, session, { ...session.identity, ca });
      news.push(`trusts from now on ${ca.map(pinOf).join(", ")}`);
    });
  }
  return result;
}

function tryTo(news: string[], what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    news.push(`could not ${what}: ${(error as Error).message}`);
  }
}

/** The identity was removed while the sensor ran: there is nothing to report as. */
export class IdentityRemoved extends Error {}

/** How soon a sensor notices that `enroll` has given it another identity, instead of when it would ask next. */
const IDENTITY_LOOK_MS = 5_000;

/** Its signal is aborted when the identity's file is replaced. */
function watchIdentity(stateDir: string): { signal: AbortSignal } & Disposable {
  const look = () => {
    const stat = statSync(identityPath(stateDir), { throwIfNoEntry: false });
    return stat && `${stat.ino} ${stat.mtimeMs}`;
  };
  const controller = new AbortController();
  const before = look();
  const timer = setInterval(() => {
    if (look() !== before) controller.abort();
  }, IDENTITY_LOOK_MS);
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

/** Takes over what another command has made of the identity on disk. A file that cannot be read is no reason to stop. */
function adoptIdentity(
  stateDir: string,
  session: Session,
  told: { host: boolean },
  environmentProxy: string | undefined,
): void {
  let onDisk: ReturnType<typeof readIdentity>;
  try {
    onDisk = readIdentity(stateDir);
  } catch (error) {
    if (error instanceof SensorError) return;
    throw error;
  }
  if (onDisk?.state !== "enrolled") {
    removeSpool(stateDir);
    throw new IdentityRemoved();
  }
  if (isSameIdentity(onDisk, session.identity)) return;
  const { publicKey, sensorId } = session.identity;
  const isSameKey = onDisk.publicKey === publicKey;
  const isSameSensor = onDisk.sensorId === sensorId;
  session.identity = onDisk;
  const { clockOffsetMs, lastNonce, instanceId, ...made } = connectAs(onDisk, environmentProxy);
  Object.assign(session.connection, made);
  // What another server said of the time is nothing to go by.
  if (!isSameSensor) Object.assign(session.connection, { clockOffsetMs, lastNonce, instanceId });
  if (!isSameKey) told.host = false;
}

function overdueAfter(at: string, { result, retryAfterMs }: Cycle): string {
  const intervalMs = result ? result.checkInIntervalSeconds * 1000 : REFUSED_INTERVAL_MS;
  return new Date(Date.parse(at) + 2 * Math.max(intervalMs, retryAfterMs)).toISOString();
}

async function attempt(work: () => Promise<ReportResult>): Promise<Cycle> {
  const failed = { result: undefined, isUnreachable: false, retryAfterMs: 0, news: [] };
  try {
    const result = await work();
    const problem = result.held
      ? "another start of this sensor may hold its key; the server settles it"
      : null;
    return { ...failed, state: result.held ? "being-settled" : "connected", problem, result };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Refused) {
      if (error.isAuthentic === false)
        return {
          ...failed,
          state: "wrong-server",
          problem: `not the server that this sensor enrolled with: ${message}`,
        };
      return { ...failed, state: REFUSED_STATES[error.problem.code] ?? "refused", problem: message };
    }
    if (error instanceof Unreachable) {
      const { state, retryAfterMs } = error;
      return { ...failed, state, problem: message, isUnreachable: true, retryAfterMs };
    }
    throw error;
  }
}
