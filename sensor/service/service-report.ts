// The state of the installed service with its next step, for status and service status.

import { PACKAGED } from "@attacklens/protocol/installed-paths.ts";
import { SERVICE_PROBLEMS } from "@attacklens/protocol/service-problems.ts";
import { hasSealedToken } from "../state/sealed-token.ts";
import { installedPaths } from "./installation.ts";
import { findInstalledRelease } from "./program-files.ts";
import type { ServiceManager, ServiceState } from "./service-state.ts";
import { findServiceManager } from "./supervisors.ts";

export interface ServiceReport {
  state: ServiceState["is"];
  startsAtBoot: boolean;
  /** The rest is absent if the host has no service manager that the sensor supports. */
  manager?: ServiceManager["name"];
  /** Whether a package owns the program. */
  packaged?: boolean;
  service?: string;
  definition?: string;
  program?: string;
  /** The installed release, which may differ from that of this program. */
  version?: string | undefined;
  processId?: number | undefined;
  lastEnd?: string | undefined;
  logCommand?: string;
  nextStep?: string | undefined;
}

/** For the template of an image. */
export const IMAGE_NEXT_STEP =
  "shut this host down and make the image; its clones enroll on their first boot. To enroll this host instead, run attacklens-sensor install with a token";

export async function readServiceReport(): Promise<ServiceReport> {
  const manager = findServiceManager();
  if (!manager) {
    const { state, fix } = SERVICE_PROBLEMS["no-service-manager"];
    return { state: "missing", startsAtBoot: false, nextStep: `${state}: ${fix}` };
  }
  const { name, service, definition, packaged, logCommand } = manager;
  const { is: state, startsAtBoot, processId, lastEnd } = await manager.readState();
  const paths = installedPaths();
  return {
    state,
    startsAtBoot,
    manager: name,
    service,
    packaged,
    ...(state === "missing" ? {} : { definition, program: packaged ? PACKAGED.program : paths.program }),
    version: packaged ? undefined : findInstalledRelease(paths),
    processId,
    lastEnd: state === "running" || state === "missing" ? undefined : lastEnd,
    logCommand,
    nextStep: nextStepOf(state, startsAtBoot, manager),
  };
}

function nextStepOf(
  state: ServiceState["is"],
  startsAtBoot: boolean,
  { startCommand, logCommand }: ServiceManager,
): string | undefined {
  if (state === "masked") return SERVICE_PROBLEMS["service-masked"].fix;
  if (state === "missing") return "run attacklens-sensor install with a token";
  if (state === "failed" || state === "restarting")
    return `read the log with ${logCommand}, correct what it names, then run ${startCommand}`;
  // A clone starts the service when it boots.
  if (state === "stopped" && startsAtBoot && hasSealedToken(installedPaths().stateDir))
    return IMAGE_NEXT_STEP;
  if (state === "stopped") return startCommand;
  return startsAtBoot
    ? undefined
    : "run attacklens-sensor install again: it lets the service start at each boot";
}
