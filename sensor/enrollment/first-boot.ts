// The first boot of an image: a clone enrolls with the sealed token. It tries forever, because no operator
// may be there to repeat it. The template itself only waits.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { SensorError } from "../sensor-error.ts";
import { removeFirstBoot, writeFirstBoot } from "../state/first-boot-file.ts";
import { type EnrolledIdentity, findEnrolledIdentity } from "../state/identity.ts";
import {
  hasSealedToken,
  type MachineIds,
  machineIdsOf,
  readSealedToken,
  removeSealedToken,
  type SealedToken,
} from "../state/sealed-token.ts";
import { backOffMs, jitteredMs, wait } from "../transport/back-off.ts";
import { enroll } from "./enroll.ts";

/** A tool such as cloud-init may change the identifiers after the sensor has started. */
const TEMPLATE_POLL_MS = 30_000;
/** How often a waiting sensor checks whether another command has enrolled this host. */
const IDENTITY_POLL_MS = 5_000;
/** Only an operator can end these, e.g. by raising the limit of the token. */
const REFUSED_INTERVAL_MS = 15 * 60_000;
const REFUSALS = ["tokenRefused", "blocked", "sensorRefused"];

/** The names of the identifiers, for the operator. */
const NAMES = {
  machineId: "machine id",
  productUuid: "product UUID",
  serialNumber: "serial number",
  cloudInstanceId: "cloud instance id",
} as const satisfies Record<keyof MachineIds, string>;
const KEYS = Object.keys(NAMES) as (keyof MachineIds)[];

type Sealing = Pick<SealedToken, "template" | "ignoresMachineId">;

/**
 * Whether the host is a clone, and not the machine on which the image was prepared: one of its identifiers
 * differs. A machine id is also new if the template had none, because the system makes one at its first boot.
 * Hardware that one of the two machines does not name says nothing.
 */
export function isClone({ template, ignoresMachineId }: Sealing, host: HostFacts): boolean {
  if (template === null) return true;
  const ids = machineIdsOf(host);
  return KEYS.some((key) => {
    const [own, earlier] = [ids[key], template[key]];
    if (own === undefined || own === earlier) return false;
    return key === "machineId" ? !ignoresMachineId : earlier !== undefined;
  });
}

/** The names of the identifiers that make a clone, e.g. `machine id`; empty: nothing could. */
export function comparedIds({ template, ignoresMachineId }: Sealing): string[] {
  return KEYS.filter(
    (key) => template?.[key] !== undefined && !(key === "machineId" && ignoresMachineId),
  ).map((key) => NAMES[key]);
}

export interface FirstBootOptions {
  stateDir: string;
  collectHost: () => Promise<HostFacts>;
  /** The proxy from the environment, for a sealed token without one. */
  proxyFor: (server: string) => string | undefined;
  signal: AbortSignal;
  log: (line: string) => void;
  /** The sensor waits for at most `nextMs`. */
  onWait: (nextMs: number) => void;
  /** Waits between two attempts. */
  pause?: typeof wait;
}

/**
 * Returns the identity when this host is enrolled, by the sealed token or by another command. Undefined: the
 * signal was aborted, or the sealed token was removed. Throws SensorError for a file that cannot be used.
 */
export async function enrollOnFirstBoot(options: FirstBootOptions): Promise<EnrolledIdentity | undefined> {
  const { stateDir, collectHost, signal, log, onWait, pause = wait } = options;
  let failures = 0;
  let waits = false;
  while (!signal.aborted) {
    const identity = findEnrolledIdentity(stateDir);
    if (identity) return identity;
    const sealed = readSealedToken(stateDir);
    if (!sealed) return undefined;
    using change = watchState(stateDir);
    const ended = AbortSignal.any([signal, change.signal]);
    const host = await collectHost();
    let pauseMs = TEMPLATE_POLL_MS;
    if (isClone(sealed, host)) {
      const error = await attempt(sealed, host, { ...options, signal: ended });
      if (!error || ended.aborted) continue;
      failures++;
      pauseMs = REFUSALS.includes(error.exit) ? jitteredMs(REFUSED_INTERVAL_MS) : backOffMs(failures);
      log(`${error.message}; next attempt in ${Math.ceil(pauseMs / 1000)} s`);
    } else if (!waits) {
      log("this is the machine on which the image was prepared: its clones enroll, and it does not");
      waits = true;
    }
    onWait(pauseMs);
    await pause(pauseMs, ended);
  }
  return undefined;
}

/** Removes what the first boot left on a host that is enrolled. Throws the system's error. */
export function endFirstBoot(stateDir: string): void {
  removeSealedToken(stateDir);
  removeFirstBoot(stateDir);
}

/** Tries until the server decides. Returns the error if it refuses. */
async function attempt(
  { server, token, caPin, proxy }: SealedToken,
  host: HostFacts,
  { stateDir, proxyFor, signal, log, onWait }: FirstBootOptions,
): Promise<SensorError | undefined> {
  const record = (error: Pick<SensorError, "exit" | "message" | "hint">) => {
    const { exit, message: problem, hint } = error;
    const at = new Date().toISOString();
    try {
      writeFirstBoot(stateDir, { at, exit, problem, ...(hint === undefined ? {} : { hint }) });
    } catch {
      // A full disk must not end the attempts. `status` then shows an older problem.
    }
  };
  const onRetry = (reason: string) => {
    log(reason);
    record({ exit: "serverUnreachable", message: reason });
    onWait(REFUSED_INTERVAL_MS);
  };
  try {
    const way = {
      server,
      caPin,
      proxy,
      environmentProxy: proxy === undefined ? proxyFor(server) : undefined,
    };
    const enrolled = await enroll({ stateDir, token, host, ...way, waitMs: Infinity, signal, onRetry });
    log(`enrolled ${host.hostname} as ${enrolled.sensorId}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof SensorError)) throw error;
    if (!signal.aborted) record(error);
    return error;
  }
}

/** Aborts its signal when another command has enrolled this host or removed the sealed token. */
function watchState(stateDir: string): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (!hasSealedToken(stateDir) || isEnrolled(stateDir)) controller.abort();
  }, IDENTITY_POLL_MS);
  return { signal: controller.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

/** False for a file that cannot be read: the next attempt reports it. */
function isEnrolled(stateDir: string): boolean {
  try {
    return findEnrolledIdentity(stateDir) !== undefined;
  } catch {
    return false;
  }
}
