// attacklens-sensor uninstall: stops the service, unenrolls, removes everything that install made, and lists
// it. The program goes last, so that a killed command can be repeated.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type InstalledPaths, PACKAGED } from "@attacklens/protocol/installed-paths.ts";
import { unenrollOnServer } from "../enrollment/unenroll.ts";
import { SensorError } from "../sensor-error.ts";
import { installedPaths, requireRoot } from "../service/installation.ts";
import { removeEntry, removeProgram } from "../service/program-files.ts";
import { onFiles } from "../service/service-problems.ts";
import { findRegistrar } from "../service/supervisors.ts";
import { type Identity, identityPath, readIdentity } from "../state/identity.ts";
import { INSTALLATION_LOCK, lockInstallation } from "../state/run-lock.ts";
import { removeSealedToken, sealedTokenPath } from "../state/sealed-token.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { Refused } from "../transport/server-reply.ts";
import { parseFlags } from "./flags.ts";
import { note, print, printStep } from "./terminal.ts";

export async function uninstallCommand(args: string[]): Promise<void> {
  const flags = parseFlags(args, { "keep-identity": { type: "boolean" } });
  const keepIdentity = flags["keep-identity"] ?? false;
  requireRoot("uninstall");
  const paths = installedPaths();
  const stateDir = checkStateDir(paths.stateDir);
  const manager = findRegistrar();
  let count = 0;
  const list = (paths: string[]) => {
    for (const path of paths) printStep("removed", path);
    count += paths.length;
  };
  const hadState = namesIn(stateDir).length > 0;
  const lock = hadState ? await onFiles(stateDir, () => lockInstallation(stateDir), "uninstall") : undefined;
  try {
    if (!manager)
      note("this host runs no service manager that the sensor supports: there is no service to stop");
    const state = await manager?.readState();
    if (manager && state && state.is !== "missing") {
      await manager.stop();
      printStep("stop", `stopped ${manager.service}`);
    }
    if (manager) list(await onFiles(manager.definition, () => manager.unregister(), "uninstall"));
    if (!keepIdentity) await unenrollHost(stateDir);
    if (!keepIdentity) list(await onFiles(stateDir, () => removeState(paths), "uninstall"));
  } finally {
    lock?.[Symbol.dispose]();
  }
  list(await onFiles(paths.versions, () => removeProgram(paths), "uninstall"));
  if (!keepIdentity) list(await onFiles(stateDir, () => [stateDir].filter(removeEntry), "uninstall"));
  if (keepIdentity && namesIn(stateDir).length > 0) {
    printStep("kept", `${stateDir}, with the identity and the spooled reports`);
  }
  if (manager?.packaged) {
    printStep("kept", `${PACKAGED.program} and ${PACKAGED.systemdUnit}, which belong to the package`);
    print("next: remove the package attacklens-sensor, e.g. with apt-get purge or dnf remove");
  } else if (count === 0) print("nothing to do: no sensor is installed on this host");
}

/** An unreachable server or a damaged identity does not stop the removal. */
async function unenrollHost(stateDir: string): Promise<void> {
  const identity = readable(stateDir);
  if (identity?.state !== "enrolled") return;
  const error = await unenrollOnServer(identity, note);
  if (!error) {
    printStep("unenroll", `unenrolled ${identity.sensorId} from ${identity.server}`);
    return;
  }
  const why = error instanceof Refused ? "refused to unenroll the sensor" : "was not notified";
  note(`${identity.server} ${why}: ${error.message}`);
  note(`next: delete ${identity.sensorId} in the console under Sensors; this host keeps no key of it`);
}

function readable(stateDir: string): Identity | undefined {
  try {
    return readIdentity(stateDir);
  } catch (error) {
    if (!(error instanceof SensorError)) throw error;
    note(`${error.message}; the sensor was not unenrolled: delete it in the console under Sensors`);
    return undefined;
  }
}

/** Removes everything in the state folder but the program. Returns the paths. */
function removeState({ stateDir, versions }: InstalledPaths): string[] {
  // The identity last: until then, a repeated command finds what to unenroll.
  const paths = namesIn(stateDir)
    .filter((name) => name !== INSTALLATION_LOCK)
    .map((name) => join(stateDir, name))
    .filter((path) => path !== versions)
    .sort((one, other) => Number(one === identityPath(stateDir)) - Number(other === identityPath(stateDir)));
  const sealed = sealedTokenPath(stateDir);
  return paths.filter((path) => (path === sealed ? removeSealedToken(stateDir) : removeEntry(path)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
