// attacklens-sensor prepare-image: makes this host the template of an image. It installs the program and the
// service as install does, and seals the token. It neither enrolls nor starts. Each step can be repeated,
// also after a kill.
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { comparedIds } from "../enrollment/first-boot.ts";
import { hasToken, readToken, TOKEN_SOURCES } from "../enrollment/token-source.ts";
import { getHostFacts } from "../inventory/host-facts.ts";
import { SensorError } from "../sensor-error.ts";
import { installedPaths, requireBuiltProgram, requireRoot } from "../service/installation.ts";
import { removeEntry } from "../service/program-files.ts";
import { onFiles, serviceProblem } from "../service/service-problems.ts";
import { findRegistrar, findServiceManager } from "../service/supervisors.ts";
import { credentialsFolder, takeEnvironmentToken } from "../settings.ts";
import { findEnrolledIdentity } from "../state/identity.ts";
import { INSTALLATION_LOCK, lockInstallation } from "../state/run-lock.ts";
import {
  machineIdsOf,
  readSealedToken,
  type SealedToken,
  sealedTokenPath,
  writeSealedToken,
} from "../state/sealed-token.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { CONNECTION_FLAGS } from "./connection-flags.ts";
import { keepProxy, readEnrollFlags } from "./enroll-host.ts";
import { parseFlags } from "./flags.ts";
import { installProgram, removeOtherPrograms, reportRegistration } from "./install-program.ts";
import { note, print, printStep, readStandardInput } from "./terminal.ts";

const text = { type: "string" } as const;
const FLAGS = {
  ...CONNECTION_FLAGS,
  token: text,
  "token-file": text,
  "ignore-machine-id": { type: "boolean" },
} as const;
type Flags = ReturnType<typeof readFlags>;

export async function prepareImageCommand(args: string[]): Promise<void> {
  const environment = takeEnvironmentToken();
  const flags = readFlags(args);
  requireRoot("install");
  const running = requireBuiltProgram();
  const manager = findRegistrar();
  if (!manager) throw serviceProblem("no-service-manager");
  const paths = installedPaths();
  const stateDir = checkStateDir(paths.stateDir);
  refuseEnrolledHost(stateDir);
  const sealing = { ...(await readRequest(stateDir, flags, environment)), ...(await readTemplate(flags)) };
  if ((await manager.readState()).is === "masked") throw serviceProblem("service-masked", manager.service);
  using _ = await onFiles(stateDir, () => lockInstallation(stateDir));

  await manager.stop();
  // Another command may have enrolled this host meanwhile.
  refuseEnrolledHost(stateDir);
  for (const path of await onFiles(stateDir, () => removeBoundState(stateDir, paths.versions)))
    printStep("removed", path);
  await installProgram(paths, manager, running);
  await onFiles(stateDir, () => writeSealedToken(stateDir, sealing));
  printStep("seal", `sealed the token for ${sealing.server} in ${sealedTokenPath(stateDir)}`);
  await onFiles(manager.definition, () => manager.register());
  reportRegistration(manager);
  await removeOtherPrograms(paths, manager);
  reportImage(sealing);
}

function readFlags(args: string[]) {
  return parseFlags(args, FLAGS);
}

function refuseEnrolledHost(stateDir: string): void {
  const identity = findEnrolledIdentity(stateDir);
  if (!identity) return;
  throw new SensorError(
    "stillEnrolled",
    `Cannot prepare an image: this host is enrolled with ${identity.server} as ${identity.sensorId}, and all clones would have its key; nothing was changed`,
    "run attacklens-sensor unenroll, then repeat the command",
  );
}

type Request = Pick<SealedToken, "server" | "token" | "caPin" | "proxy" | "sealedAt">;

/** A repeated command needs neither a token nor an address. */
async function readRequest(
  stateDir: string,
  flags: Flags,
  environment: string | undefined,
): Promise<Request> {
  const earlier = isTokenGiven(flags, environment) ? undefined : readSealedToken(stateDir);
  const server = flags.server ?? earlier?.server;
  const request = keepProxy(readEnrollFlags({ ...flags, server }, environment));
  const { caPin, proxy } = request;
  if (earlier?.server === request.server) {
    const way = { caPin: caPin ?? earlier.caPin, proxy: proxy ?? earlier.proxy };
    return { server: request.server, token: earlier.token, ...way, sealedAt: earlier.sealedAt };
  }
  const { token, warning } = await readToken(request.sources);
  if (warning) note(warning);
  if (token.startsWith(TICKET_PREFIX))
    throw new SensorError(
      "tokenRefused",
      "Cannot prepare an image: a re-enrollment ticket is for one host",
      `use an enrollment token, with ${TOKEN_SOURCES}`,
    );
  return { server: request.server, token, caPin, proxy, sealedAt: new Date().toISOString() };
}

function isTokenGiven(flags: Flags, environment: string | undefined): boolean {
  const { token: flag, "token-file": file } = flags;
  return hasToken({ flag, file, environment, credentials: credentialsFolder(), readStandardInput });
}

/** What tells a clone from this host. Throws SensorError if nothing can. */
async function readTemplate(flags: Flags): Promise<Pick<SealedToken, "template" | "ignoresMachineId">> {
  const ignoresMachineId = flags["ignore-machine-id"] ?? false;
  // While an image is built in a chroot, this machine is not the template.
  if (!findServiceManager()) return { template: null, ignoresMachineId };
  const sealing = { template: machineIdsOf(await getHostFacts()), ignoresMachineId };
  if (comparedIds(sealing).length > 0) return sealing;
  throw new SensorError(
    "failed",
    `Cannot prepare an image: nothing would tell a clone from this host, which has no ${ignoresMachineId ? "hardware id" : "machine id and no hardware id"}`,
    ignoresMachineId
      ? "repeat the command without --ignore-machine-id"
      : process.platform === "linux"
        ? "run systemd-machine-id-setup, repeat the command, and empty /etc/machine-id afterwards"
        : "install the sensor when a clone first boots, with a command of the console's page Sensors > Deploy",
  );
}

/** Removes everything in the state folder but the program and the sealed token. Returns the paths. */
function removeBoundState(stateDir: string, versions: string): string[] {
  const kept = [INSTALLATION_LOCK, basename(sealedTokenPath(stateDir))];
  return namesIn(stateDir)
    .filter((name) => !kept.includes(name))
    .map((name) => join(stateDir, name))
    .filter((path) => path !== versions)
    .filter(removeEntry);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function reportImage(sealing: SealedToken): void {
  if (sealing.template === null) {
    print("done: this system is not booted; each machine that boots it enrolls");
    return;
  }
  const names = comparedIds(sealing);
  if (sealing.template.machineId === undefined && !sealing.ignoresMachineId)
    note("this host has no machine id: if it boots again and gets one, it enrolls, too");
  print(`done: a clone enrolls on its first boot if it has another ${names.join(", ")}; this host does not`);
  if (names.length === 1 && names[0] === "machine id")
    print(
      "next: empty /etc/machine-id and delete /var/lib/dbus/machine-id: only the machine id tells a clone from this host",
    );
  print("next: shut this host down and make the image");
}
