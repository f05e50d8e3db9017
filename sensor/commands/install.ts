// attacklens-sensor install: puts the program in its place, enrolls this host, starts the service, and waits
// until the server has the first inventory. Each step can be repeated, also after a kill.
import { readlinkSync, realpathSync } from "node:fs";
import type { InstalledPaths } from "@attacklens/protocol/installed-paths.ts";
import { SensorError } from "../sensor-error.ts";
import { waitForFirstInventory } from "../service/first-inventory.ts";
import { installedPaths, requireBuiltProgram, requireRoot } from "../service/installation.ts";
import { onFiles, serviceProblem } from "../service/service-problems.ts";
import type { ServiceManager } from "../service/service-state.ts";
import { requireServiceManager } from "../service/supervisors.ts";
import { takeEnvironmentToken } from "../settings.ts";
import { findEnrolledIdentity } from "../state/identity.ts";
import { lockInstallation } from "../state/run-lock.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { SENSOR_STATES } from "../state/status-file.ts";
import { ENROLL_FLAGS, type EnrollRequest, enrollHost, keepProxy, readEnrollFlags } from "./enroll-host.ts";
import { parseFlags } from "./flags.ts";
import { installProgram, removeOtherPrograms, reportRegistration } from "./install-program.ts";
import { nextStep } from "./next-step.ts";
import { note, print, printStep, stopSignal } from "./terminal.ts";

export async function installCommand(args: string[]): Promise<void> {
  const environment = takeEnvironmentToken();
  const flags = parseFlags(args, ENROLL_FLAGS);
  requireRoot("install");
  const running = requireBuiltProgram();
  const manager = requireServiceManager();
  const paths = installedPaths();
  const stateDir = checkStateDir(paths.stateDir);
  // A reinstall after uninstall --keep-identity needs no options.
  const server = flags.server ?? findEnrolledIdentity(stateDir)?.server;
  const request = keepProxy(readEnrollFlags({ ...flags, server }, environment));
  if ((await manager.readState()).is === "masked") throw serviceProblem("service-masked", manager.service);
  using _ = await onFiles(stateDir, () => lockInstallation(stateDir));

  const isNewProgram = await installProgram(paths, manager, running);
  await enrollOnce({ ...request, stateDir });
  const isNewDefinition = await onFiles(manager.definition, () => manager.register());
  reportRegistration(manager);
  const sinceMs = await startService(manager, paths, isNewProgram || isNewDefinition);
  await removeOtherPrograms(paths, manager);
  await reportFirstInventory(manager, { stateDir, sinceMs, waitMs: request.waitMs });
}

/** Enrolls this host. An enrolled host stays as it is if the server is down: the service tries again. */
async function enrollOnce(request: EnrollRequest): Promise<void> {
  const existing = findEnrolledIdentity(request.stateDir);
  const canWait = existing?.server === request.server && !request.replace;
  try {
    // The service waits for the server, too.
    await enrollHost(canWait ? { ...request, waitMs: 0 } : request, (line) => printStep("identity", line));
  } catch (error) {
    const isDown =
      error instanceof SensorError && ["serverUnreachable", "serverInTrouble"].includes(error.exit);
    if (!canWait || !existing || !isDown) throw error;
    printStep("identity", `already enrolled as ${existing.sensorId} with ${existing.server}`);
    note(error.message.replace(/^Cannot enroll sensor: /, ""));
  }
}

/** Returns the time from which a report counts. */
async function startService(
  manager: ServiceManager,
  { program }: InstalledPaths,
  hasChanged: boolean,
): Promise<number> {
  const { is, processId } = await manager.readState();
  const again = hasChanged || (processId !== undefined && runsAnother(processId, program, manager));
  if (is === "running" && !again) {
    printStep("start", "the service is already running");
    return 0;
  }
  const sinceMs = Date.now();
  await manager.start(again);
  printStep("start", is === "running" ? "restarted the service" : "started the service");
  return sinceMs;
}

/** Whether a killed command has replaced the program of the running service, but not restarted it. */
function runsAnother(processId: number, program: string, { packaged }: ServiceManager): boolean {
  if (process.platform !== "linux" || packaged) return false;
  try {
    return readlinkSync(`/proc/${processId}/exe`) !== realpathSync(program);
  } catch {
    return false;
  }
}

async function reportFirstInventory(
  manager: ServiceManager,
  options: { stateDir: string; sinceMs: number; waitMs: number },
): Promise<void> {
  const started = performance.now();
  const result = await waitForFirstInventory({ ...options, manager, signal: stopSignal() });
  const seconds = Math.round((performance.now() - started) / 1000);
  const { sensorId, server = "the server" } = findEnrolledIdentity(options.stateDir) ?? {};
  if (result.is === "refused")
    throw new SensorError(
      SENSOR_STATES[result.state],
      `The service is installed and runs, but ${server} has not accepted an inventory: ${result.problem}`,
      nextStep(result.state, server),
    );
  if (result.is === "awaiting-approval") {
    printStep("inventory", "the server accepts it after the approval");
    print(`next: ${nextStep("awaiting-approval", server)}`);
    return;
  }
  const when = options.sinceMs === 0 ? "" : ` after ${seconds} s`;
  printStep("inventory", `the server has the inventory of this host${when}`);
  print(`done: this host reports to ${server} as ${sensorId}`);
}
