// attacklens-sensor run: reports until stopped; with --once, runs one cycle.
import { STATUS_WORDS } from "@attacklens/protocol/inventory/results.ts";
import { BUILT_IN_ROOT_KEYS } from "@attacklens/protocol/releases/root-keys.ts";
import { RELEASE, TARGET } from "@attacklens/protocol/version.ts";
import { endFirstBoot, enrollOnFirstBoot } from "../enrollment/first-boot.ts";
import { findHostFacts, getHostFacts } from "../inventory/host-facts.ts";
import { type HostInventory, openInventory } from "../inventory/inventory.ts";
import { readOwnerSettings } from "../inventory/owner-settings.ts";
import {
  type Cycle,
  type CycleMemory,
  type CycleOptions,
  IdentityRemoved,
  openCycle,
} from "../reporting/cycle.ts";
import { type RunOptions, run, untilStopped } from "../reporting/loop.ts";
import type { RestState } from "../reporting/rest.ts";
import { SensorError } from "../sensor-error.ts";
import { installedPaths } from "../service/installation.ts";
import { openNotifications } from "../service/systemd-notify.ts";
import { defaultStateDir, ownProgram, takeSystemdVariables } from "../settings.ts";
import { type EnrolledIdentity, readIdentity, tightenIdentity } from "../state/identity.ts";
import { lockStateDir } from "../state/run-lock.ts";
import { hasSealedToken, sealedTokenPath } from "../state/sealed-token.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { SENSOR_STATES } from "../state/status-file.ts";
import { systemReason } from "../system-reason.ts";
import { proxyFor } from "../transport/proxy-url.ts";
import { findUpdateMeans, runningProgram } from "../updates/update-method.ts";
import { openForeignUpdates, openUpdates, type Updates } from "../updates/updates.ts";
import { parseFlags } from "./flags.ts";
import { openRest } from "./go-to-rest.ts";
import { nextStep } from "./next-step.ts";
import { takeRestState } from "./replace-process.ts";
import { ownerSettingsPath, ROOT_FLAG, readRoot } from "./root-flag.ts";
import { logLine, note, print, stopSignal } from "./terminal.ts";

export async function runCommand(args: string[]): Promise<void> {
  const flags = parseFlags(args, { once: { type: "boolean" }, state: { type: "string" }, ...ROOT_FLAG });
  const root = readRoot(flags.root);
  const rested = takeRestState();
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const { once = false } = flags;
  // A clone of an image enrolls below.
  if (once || !hasSealedToken(stateDir)) requireIdentity(stateDir);
  if (tightenIdentity(stateDir)) {
    note(
      `other users could read the key in ${stateDir}; this is fixed. If one may have copied it, move the folder away and enroll again`,
    );
  }
  const lock = lockStateDir(stateDir);
  const signal = stopSignal();
  const inventory = openInventory({
    ...{ program: ownProgram(), root, signal },
    readSettings: () => readOwnerSettings(root, ownerSettingsPath(root)),
    kept: rested?.kept.results ?? [],
  });
  const host: RunningHost = {
    stateDir,
    root,
    collect: () => (once ? inventory.collectAll() : inventory.collect()),
    more: inventory.more,
    forget: inventory.forget,
    memory: rested?.memory ?? {},
    collectHost: () => findHostFacts({ root, signal }),
    signal,
  };
  try {
    if (once) await runOnce(host, requireIdentity(stateDir));
    else await runService(host, lock, { args, inventory, rested, isElsewhere: flags.root !== undefined });
  } finally {
    lock[Symbol.dispose]();
  }
}

type RunningHost = Pick<RunOptions, "stateDir" | "collect" | "collectHost" | "signal" | "more" | "forget"> & {
  root: string;
  memory: CycleMemory;
};

interface Service {
  args: string[];
  inventory: HostInventory;
  /** Undefined: this process was not at rest before. */
  rested: RestState | undefined;
  /** It reports another root folder than its own. */
  isElsewhere: boolean;
}

function optionsFor(host: RunningHost, identity: EnrolledIdentity) {
  return { ...host, identity, proxy: proxyFor(identity.server) };
}

async function runOnce(host: RunningHost, identity: EnrolledIdentity): Promise<void> {
  const cycle = openCycle({ ...optionsFor(host, identity), isLast: true });
  const outcome = await untilStopped(cycle, host.signal);
  if (outcome === undefined) return;
  for (const line of outcome.news) note(line);
  throwUnlessConnected(outcome, identity);
  print(describe(outcome));
}

async function runService(host: RunningHost, lock: Disposable, service: Service): Promise<void> {
  const { args, inventory, rested } = service;
  const { signal: stop } = host;
  using notifications = openNotifications({ variables: takeSystemdVariables() });
  notifications.ready();
  const identity = await findOrEnroll(host, (nextMs) => notifications.noteCycle(nextMs));
  if (!identity) {
    logLine("stopped");
    return;
  }
  // Another sensor or another key has another memory.
  const isSame = rested?.sensorId === identity.sensorId && rested.publicKey === identity.publicKey;
  const options = optionsFor(isSame ? host : { ...host, memory: {} }, identity);
  if (!rested) logLine(`reporting to ${identity.server} as ${identity.sensorId}`);
  const updates = await openUpdatesOf(options, service.isElsewhere);
  const signal = AbortSignal.any([stop, updates.ended]);
  const onCycle = (cycle: Cycle, nextMs: number) => {
    notifications.noteCycle(nextMs);
    for (const line of cycle.news) logLine(line);
    // Successful cycles without changes are not logged.
    const quiet = cycle.problem === null && cycle.result?.uploaded.length === 0;
    if (!quiet) logLine(`${describe(cycle)}; next in ${Math.ceil(nextMs / 1000)} s`);
  };
  try {
    const { report: reportUpdate, betweenCycles } = updates;
    const rest = openRest({
      ...{ args, inventory, stateDir: host.stateDir, memory: options.memory },
      isBusy: () => !updates.isIdle() || host.more?.() !== undefined,
      // The socket of the notifications.
      needsFiles: notifications.isOpen,
      shortRests: rested?.shortRests ?? 0,
      signal,
    });
    await run({ ...options, signal, reportUpdate, onCycle, betweenCycles, rest });
  } catch (error) {
    if (!(error instanceof IdentityRemoved)) throw error;
    logLine("the identity was removed");
  }
  // A version on trial needs the lock.
  lock[Symbol.dispose]();
  await updates.finish(stop);
  logLine("stopped");
}

/** Undefined: the sensor was stopped before this clone of an image enrolled. Throws SensorError. */
async function findOrEnroll(
  { stateDir, root, signal }: RunningHost,
  onWait: (nextMs: number) => void,
): Promise<EnrolledIdentity | undefined> {
  if (!hasSealedToken(stateDir)) return requireIdentity(stateDir);
  const collectHost = () => getHostFacts({ root, signal });
  const options = { stateDir, collectHost, proxyFor, signal, log: logLine, onWait };
  const identity = await enrollOnFirstBoot(options).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (!identity) return undefined;
  try {
    endFirstBoot(stateDir);
  } catch (error) {
    // The reports must not wait for this.
    logLine(`cannot delete the sealed token ${sealedTokenPath(stateDir)}: ${systemReason(error)}; delete it`);
  }
  return identity;
}

async function openUpdatesOf({ stateDir, proxy }: CycleOptions, isElsewhere: boolean): Promise<Updates> {
  const running = runningProgram(stateDir, isElsewhere);
  const means = await findUpdateMeans(running);
  if (means.method !== "self") return openForeignUpdates(means.method, TARGET);
  return await openUpdates({
    ...{ by: means.by, program: running.program, paths: installedPaths() },
    ...{ release: RELEASE, target: TARGET, rootKeys: BUILT_IN_ROOT_KEYS },
    ...{ proxy, log: logLine },
  });
}

function requireIdentity(stateDir: string): EnrolledIdentity {
  const identity = readIdentity(stateDir);
  if (identity?.state === "enrolled") return identity;
  const state = identity ? "enrollment is incomplete" : `there is no identity in ${stateDir}`;
  throw new SensorError(
    "identity",
    `Cannot run sensor: ${state}`,
    "run attacklens-sensor enroll --server URL --token-file FILE with the same --state",
  );
}

function throwUnlessConnected({ state, problem }: Cycle, { server }: EnrolledIdentity): void {
  const exit = SENSOR_STATES[state];
  if (exit === "done") return;
  throw new SensorError(exit, `Cannot report to ${server}: ${problem}`, nextStep(state, server));
}

function describe({ state, problem, result }: Cycle): string {
  if (!result || result.undecided) return `${state.replaceAll("-", " ")}: ${problem}`;
  const parts = [
    `checked in; ${result.uploaded.length > 0 ? `sent ${result.uploaded.join(", ")}` : "no changes"}`,
  ];
  for (const { category, status, reason } of result.failed)
    parts.push(`${category} ${STATUS_WORDS[status]}: ${reason}`);
  if (problem) parts.push(problem);
  return parts.join("; ");
}
