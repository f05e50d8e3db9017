// The program and the service of an installation, for the commands install and prepare-image.
import { type InstalledPaths, PACKAGED } from "@attacklens/protocol/installed-paths.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { requireRunnable } from "../service/installation.ts";
import { putCommand, putProgram, removeOldVersions, removeProgram } from "../service/program-files.ts";
import { labelProgram } from "../service/selinux.ts";
import { onFiles } from "../service/service-problems.ts";
import type { ServiceManager } from "../service/service-state.ts";
import { systemReason } from "../system-reason.ts";
import { note, printStep } from "./terminal.ts";

/** Returns whether the service must be restarted. */
export async function installProgram(
  paths: InstalledPaths,
  manager: ServiceManager,
  running: string,
): Promise<boolean> {
  if (manager.packaged) {
    printStep("program", `${PACKAGED.program} belongs to the package attacklens-sensor and stays as it is`);
    return false;
  }
  const changes = await onFiles(paths.versions, () => putProgram(paths, running, RELEASE));
  await labelProgram(paths.program);
  await requireRunnable(paths.program);
  printStep("program", `${changes ? "installed" : "already installed:"} ${RELEASE} in ${paths.program}`);
  const link = putCommand(paths, running);
  if (link.is === "kept") note(`${paths.command} is another file, which was kept; use ${paths.program}`);
  if (link.is === "failed")
    note(`${paths.command} could not be made: ${systemReason(link.error)}; use ${paths.program}`);
  return changes;
}

/** Removes the earlier versions of the program, or all of them if a package has its own. */
export async function removeOtherPrograms(
  paths: InstalledPaths,
  { packaged }: ServiceManager,
): Promise<void> {
  await onFiles(paths.versions, () => (packaged ? removeProgram : removeOldVersions)(paths));
}

export function reportRegistration({ service, name }: ServiceManager): void {
  printStep("service", `registered ${service} with ${name}; it starts at each boot`);
}
