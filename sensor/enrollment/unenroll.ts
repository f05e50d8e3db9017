// Unenrolls the sensor on its server.
import { unenroll } from "@attacklens/protocol/unenroll.ts";
import { findHostFacts } from "../inventory/host-facts.ts";
import type { EnrolledIdentity } from "../state/identity.ts";
import { privateKeyOf } from "../state/private-key.ts";
import { wait } from "../transport/back-off.ts";
import { proxyFor } from "../transport/proxy-url.ts";
import { send } from "../transport/request.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";
import { connectAs } from "./key-rotation.ts";

/** A command waits this long at most for a server that asks it to repeat the request. */
const MOST_WAIT_MS = 15_000;

/**
 * Undefined: the server has no such sensor any more. Otherwise why it still has, e.g. because another host
 * may own the key, whose sensor must stay enrolled. Repeats the request once if the server asks for it.
 */
export async function unenrollOnServer(
  identity: EnrolledIdentity,
  onRetry: (text: string) => void,
  root = "/",
): Promise<Refused | Unreachable | undefined> {
  const error = await requestUnenrollment(identity, root);
  if (!(error instanceof Unreachable)) return error;
  const { message, retryAfterMs } = error;
  if (retryAfterMs === 0 || retryAfterMs > MOST_WAIT_MS) return error;
  onRetry(`${identity.server}: ${message}; retrying in ${retryAfterMs / 1000} s`);
  await wait(retryAfterMs, new AbortController().signal);
  return await requestUnenrollment(identity, root);
}

async function requestUnenrollment(identity: EnrolledIdentity, root: string) {
  try {
    await sendUnenroll(identity, root);
    return undefined;
  } catch (error) {
    // The sensor was deleted, or an earlier unenroll succeeded but its reply was lost.
    if (error instanceof Refused && error.problem.code === "sensor-unknown") return undefined;
    if (error instanceof Refused || error instanceof Unreachable) return error;
    throw error;
  }
}

async function sendUnenroll(identity: EnrolledIdentity, root: string): Promise<void> {
  const connection = connectAs(identity, proxyFor(identity.server));
  const body = { host: await findHostFacts({ root }) };
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
