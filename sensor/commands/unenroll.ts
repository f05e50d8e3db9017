// attacklens-sensor unenroll: unenrolls the sensor on the server and removes its key.
import { endFirstBoot } from "../enrollment/first-boot.ts";
import { unenrollOnServer } from "../enrollment/unenroll.ts";
import { removeSpool } from "../reporting/spool-files.ts";
import { SensorError } from "../sensor-error.ts";
import { defaultStateDir } from "../settings.ts";
import {
  changedMeanwhile,
  identityPath,
  isSameSensor,
  readIdentity,
  removeIdentity,
} from "../state/identity.ts";
import { lockIdentity } from "../state/run-lock.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { Refused } from "../transport/server-reply.ts";
import { parseFlags } from "./flags.ts";
import { ROOT_FLAG, readRoot } from "./root-flag.ts";
import { note, print } from "./terminal.ts";

export async function unenrollCommand(args: string[]): Promise<void> {
  const flags = parseFlags(args, { state: { type: "string" }, force: { type: "boolean" }, ...ROOT_FLAG });
  const root = readRoot(flags.root);
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const identity = readIdentity(stateDir);
  if (!identity) {
    print(`nothing to do: no identity in ${stateDir}`);
    return;
  }
  if (identity.state === "enrolled") {
    const error = await unenrollOnServer(identity, note, root);
    if (error) {
      if (!flags.force) {
        throw new SensorError(
          error instanceof Refused ? "sensorRefused" : "serverUnreachable",
          `Cannot unenroll sensor: ${identity.server}: ${error.message}; the key was kept`,
          error instanceof Refused
            ? "run attacklens-sensor run --once and repeat the command, or use --force to remove the key without unenrolling"
            : "repeat the command later, or use --force to remove the key without unenrolling",
        );
      }
      note(`${identity.server} was not notified: ${error.message}`);
    }
  }
  using _ = lockIdentity(stateDir);
  const onDisk = readIdentity(stateDir);
  if (onDisk && !isSameSensor(onDisk, identity)) throw changedMeanwhile("unenroll", stateDir);
  // Before the identity: an interrupted command can then be repeated.
  removeSpool(stateDir);
  endFirstBoot(stateDir);
  removeIdentity(stateDir);
  print(`removed ${identityPath(stateDir)}; this host can enroll again as a new sensor`);
}
