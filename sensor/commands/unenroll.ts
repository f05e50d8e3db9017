// attacklens-sensor unenroll: unenrolls the sensor on the server and removes its key.
import { unenroll } from "@attacklens/protocol/unenroll.ts";
import { collectHostFacts } from "../collectors/collect.ts";
import { connectAs } from "../enrollment/key-rotation.ts";
import { removeSpool } from "../reporting/spool-files.ts";
import { SensorError } from "../sensor-error.ts";
import { defaultStateDir, proxyFor } from "../settings.ts";
import {
  changedMeanwhile,
  type EnrolledIdentity,
  identityPath,
  isSameSensor,
  privateKeyOf,
  readIdentity,
  removeIdentity,
} from "../state/identity.ts";
import { lockIdentity } from "../state/run-lock.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { send } from "../transport/request.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";
import { note, parseFlags, print } from "./terminal.ts";

export async function unenrollCommand(args: string[]): Promise<void> {
  const flags = parseFlags(args, { state: { type: "string" }, force: { type: "boolean" } });
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const identity = readIdentity(stateDir);
  if (!identity) {
    print(`nothing to do: no identity in ${stateDir}`);
    return;
  }
  if (identity.state === "enrolled") {
    try {
      await sendUnenroll(identity);
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
      // The sensor was deleted, or an earlier unenroll succeeded but its reply was lost.
      const isGone = error instanceof Refused && error.problem.code === "sensor-unknown";
      if (!isGone && !flags.force) {
        throw new SensorError(
          error instanceof Refused ? "sensorRefused" : "serverUnreachable",
          `Cannot unenroll sensor: ${identity.server}: ${error.message}; the key was kept`,
          error instanceof Refused
            ? "run attacklens-sensor run --once and repeat the command, or use --force to remove the key without unenrolling"
            : "repeat the command later, or use --force to remove the key without unenrolling",
        );
      }
      if (!isGone) note(`${identity.server} was not notified: ${error.message}`);
    }
  }
  using _ = lockIdentity(stateDir);
  const onDisk = readIdentity(stateDir);
  if (onDisk && !isSameSensor(onDisk, identity)) throw changedMeanwhile("unenroll", stateDir);
  // Before the identity: an interrupted command can then be repeated.
  removeSpool(stateDir);
  removeIdentity(stateDir);
  print(`removed ${identityPath(stateDir)}; this host can enroll again as a new sensor`);
}

/** Throws Unreachable and Refused, e.g. if another host may own the key, whose sensor must stay enrolled. */
async function sendUnenroll(identity: EnrolledIdentity): Promise<void> {
  const connection = connectAs(identity, proxyFor(identity.server));
  const body = { host: await collectHostFacts() };
  // An interrupted rotation leaves open which of the two keys the server accepts.
  if (identity.nextKey) {
    connection.key = privateKeyOf(identity.nextKey);
    try {
      return await send(connection, unenroll, { body });
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.code !== "signature-invalid") throw error;
      connection.key = privateKeyOf(identity);
    }
  }
  await send(connection, unenroll, { body });
}
