// One cycle of a running sensor: collect, deliver what is due, and record the result. Whatever the server
// replies, the sensor keeps its key.
import { existsSync } from "node:fs";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import type { UpdateReport } from "@attacklens/protocol/updates.ts";
import {
  becomeClone,
  changeKey,
  connectAs,
  IdentityChanged,
  type Session,
  save,
  tryNextKey,
} from "../enrollment/key-rotation.ts";
import type { Inventory } from "../inventory/cut-category.ts";
import { SensorError } from "../sensor-error.ts";
import { type EnrolledIdentity, identityPath, isSameIdentity, readIdentity } from "../state/identity.ts";
import { readStatus } from "../state/status-file.ts";
import { overdueAfter, writeStatus } from "../state/write-status.ts";
import { parseRoots, pinOf } from "../transport/certificates.ts";
import type { Connection } from "../transport/request.ts";
import { Refused } from "../transport/server-reply.ts";
import { type Attempt, attempt } from "./attempt.ts";
import { type Delivered, deliver, type UploadPause } from "./deliver.ts";
import { ContentGone, makeReport, type Report, type ReportResult, sendReport } from "./report.ts";
import { openSpool, type Spool } from "./spool.ts";
import { removeSpool } from "./spool-files.ts";

/** Interval of a sensor that the server refuses. */
export const REFUSED_INTERVAL_MS = 15 * 60_000;

export interface Cycle extends Attempt {
  /** The identity of the last request. */
  identity: EnrolledIdentity;
  /** The server's clock minus this host's. */
  clockOffsetMs: number;
  /** Other events for the operator. */
  news: string[];
}

export interface CycleOptions {
  stateDir: string;
  identity: EnrolledIdentity;
  /** Throws the reason of the signal. */
  collect: () => Promise<Inventory>;
  collectHost: () => Promise<HostFacts>;
  signal: AbortSignal;
  /** The proxy from the environment, for an identity without one. */
  proxy?: string | undefined;
  /** Returns how this host is updated. The server receives it when it changes. */
  reportUpdate?: () => UpdateReport;
  /** Maximum size of the spool on the disk. */
  maxSpoolBytes?: number;
  /** Lets go of results without contents, so that `collect` collects them again. */
  forget?: () => void;
  /** Of an earlier start of this process. Each cycle updates it. */
  memory?: CycleMemory;
}

/** What a running sensor knows from its cycles. */
export interface CycleMemory {
  signer?: Pick<Connection, "clockOffsetMs" | "lastNonce" | "instanceId" | "mac">;
  proxy?: string | undefined;
  sent?: Running["sent"];
  /** The state of the report that the server accepted last; undefined: there are spooled ones. */
  accepted?: string | undefined;
}

/** The parts of a running sensor that outlive a cycle. */
interface Running extends CycleOptions {
  session: Session;
  /** What the server has from the running instance: the facts about this host, and how it is updated. */
  sent: { host: boolean; update: string | undefined };
  spool: Spool;
  uploadPause: UploadPause;
  news: string[];
}

const NOTHING_SENT = { host: false, update: undefined };

/**
 * Returns a function that runs one cycle. All cycles share a connection, which remembers the corrections for
 * the server's clock. The identity may change between two cycles: through the sensor's key rotation, or
 * through `enroll` with a ticket.
 */
export function openCycle(options: CycleOptions & { isLast?: boolean }): () => Promise<Cycle> {
  const { stateDir, identity, isLast = false } = options;
  const memory = options.memory ?? {};
  const connection = Object.assign(connectAs(identity, options.proxy), memory.signer);
  const news: string[] = [];
  const running: Running = {
    ...options,
    session: { identity, connection },
    sent: memory.sent ?? { ...NOTHING_SENT },
    spool: openSpool(stateDir, news, options.maxSpoolBytes, memory.accepted),
    uploadPause: { untilMs: 0 },
    news,
  };
  return async () => {
    const attempted = await attempt(() => untilIdentitySettled(() => oneCycle(running)));
    const { clockOffsetMs, lastNonce, instanceId, mac, proxy } = connection;
    const { sent, spool } = running;
    const signer = { clockOffsetMs, lastNonce, instanceId, mac };
    Object.assign(memory, { signer, proxy, sent, accepted: spool.accepted() } satisfies CycleMemory);
    const { identity } = running.session;
    const outcome = { ...attempted, identity, clockOffsetMs, news: news.splice(0) };
    const at = new Date().toISOString();
    const before = readStatus(stateDir);
    // A full disk must not stop the reports. `status` then shows an older result.
    try {
      writeStatus(stateDir, {
        state: outcome.state,
        at,
        ...(isLast ? {} : { overdueAt: overdueAfter(at, longestPauseMs(outcome)) }),
        lastCheckInAt: outcome.result ? at : (before?.lastCheckInAt ?? null),
        ...(clockOffsetMs === 0 ? {} : { clockOffsetMs }),
        problem: outcome.problem,
        failedCategories: outcome.result?.failed ?? before?.failedCategories ?? [],
        switchedOff: outcome.result?.switchedOff ?? before?.switchedOff ?? [],
      });
    } catch (error) {
      outcome.problem ??= `the status could not be written: ${(error as Error).message}`;
    }
    return outcome;
  };
}

/** Repeats the work with the identity on disk whenever another command changes the identity meanwhile. */
async function untilIdentitySettled<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof IdentityChanged)) throw error;
    }
  }
}

/** Throws Unreachable, Refused, IdentityChanged, IdentityRemoved. */
async function oneCycle(running: Running): Promise<Delivered> {
  try {
    return await reportOnce(running);
  } catch (error) {
    if (!(error instanceof ContentGone) || !running.forget) throw error;
    running.forget();
    return await reportOnce(running);
  }
}

/** Spools the report unless the server accepts it. Throws ContentGone, and what `oneCycle` throws. */
async function reportOnce(running: Running): Promise<Delivered> {
  const { stateDir, collect, collectHost, signal, session, spool, news } = running;
  adoptIdentity(running);
  const { connection } = session;
  const current = makeReport(await collect(), connection.now() + connection.clockOffsetMs);
  let isTaken = false;
  try {
    // An interrupted rotation leaves open which of the two keys the server accepts.
    if (session.identity.nextKey) await tryNextKey(stateDir, session, await collectHost(), signal);
    const sendOne = (report: Report) => sendAs(running, report, report !== current);
    const result = await deliver(spool, current, running.uploadPause, sendOne, connection.now, news);
    isTaken = result.isTaken;
    if (!result.undecided && (result.rotateKey || session.identity.nextKey)) {
      try {
        await changeKey(stateDir, session, await collectHost(), signal);
        news.push("rotated its key");
      } catch (error) {
        // The server has the report, and the current key stays valid.
        news.push(`could not rotate its key: ${(error as Error).message}`);
      }
    }
    return result;
  } finally {
    if (isTaken) spool.noteTaken(current);
    // An unenrolled sensor must leave nothing on the disk.
    else if (existsSync(identityPath(stateDir))) spool.keep(current);
  }
}

/**
 * Sends one report, enrolls this host as a clone if the server requires it, and saves what the reply says
 * about the server.
 */
async function sendAs(running: Running, report: Report, isLate: boolean): Promise<ReportResult> {
  const { stateDir, collectHost, reportUpdate, signal, session, sent, news } = running;
  const send = async () => {
    // Until the server replies, it may not know which host this instance runs on.
    const host = sent.host ? undefined : await collectHost();
    const trustedPins = session.identity.ca?.map(pinOf);
    const update = reportUpdate?.();
    const text = JSON.stringify(update);
    const changed = text === sent.update ? undefined : update;
    const isNew = isNewRoot(running);
    const options = { host, trustedPins, update: changed, isLate, isNew, signal };
    const result = await sendReport(session.connection, report, options);
    sent.update = result.undecided ? undefined : text;
    return result;
  };
  const result = await send().catch(async (error: unknown) => {
    const isClone = error instanceof Refused && error.problem.code === "sensor-cloned";
    if (!isClone || error.isAuthentic === false) throw error;
    const original = session.identity.sensorId;
    await becomeClone(stateDir, session, await collectHost(), signal);
    news.push(
      `another host owns the key of ${original}: enrolled this clone as ${session.identity.sensorId}`,
    );
    Object.assign(sent, NOTHING_SENT);
    return await send();
  });
  sent.host = !result.undecided;
  const { serverKey } = result;
  if (serverKey !== undefined && serverKey !== session.identity.serverKey)
    tryTo(news, "save the server's new key", () =>
      save(stateDir, session, { ...session.identity, serverKey }),
    );
  const ca = result.trustedCertificates && parseRoots(result.trustedCertificates);
  if (ca && session.identity.ca) {
    tryTo(news, "save the server's new root certificates", () => {
      save(stateDir, session, { ...session.identity, ca });
      news.push(`now trusts ${ca.map(pinOf).join(", ")}`);
    });
  }
  return result;
}

/**
 * Returns a function that returns true for a root that the server may lack: all roots before the first
 * check-in of this host, then those that differ from the report that it accepted last. An instance that has
 * sent no report does not know that one. Nearly always, nothing has changed since.
 */
function isNewRoot({ stateDir, spool }: Running): (root: string) => boolean {
  const accepted = spool.accepted();
  if (accepted !== undefined) {
    const roots = new Set(accepted.split(" "));
    return (root) => !roots.has(root);
  }
  const isFirst = !readStatus(stateDir)?.lastCheckInAt;
  return () => isFirst;
}

function tryTo(news: string[], what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    news.push(`could not ${what}: ${(error as Error).message}`);
  }
}

/** The identity was removed while the sensor ran, so it has no sensor to report as. */
export class IdentityRemoved extends Error {}

/**
 * Takes over an identity that another command has changed on disk. The sensor keeps running if the file
 * cannot be read.
 */
function adoptIdentity({ stateDir, session, sent, proxy }: Running): void {
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
  const { clockOffsetMs, lastNonce, instanceId, ...made } = connectAs(onDisk, proxy);
  Object.assign(session.connection, made);
  // The offset from the previous server's clock does not apply to the new server.
  if (!isSameSensor) Object.assign(session.connection, { clockOffsetMs, lastNonce, instanceId });
  if (!isSameKey) Object.assign(sent, NOTHING_SENT);
}

function longestPauseMs({ result, retryAfterMs }: Attempt): number {
  const intervalMs = result ? result.checkInIntervalSeconds * 1000 : REFUSED_INTERVAL_MS;
  return Math.max(intervalMs, retryAfterMs);
}
