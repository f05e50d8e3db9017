// Trades an enrollment token for an identity. Every step can be cut off and tried again: the key stays the same, the use is one.
import { enroll as enrollRoute, type HostFacts, reEnroll } from "@attacklens/protocol/enroll.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import { TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { backOffMs, wait } from "./back-off.ts";
import {
  claimCandidate,
  createIdentity,
  type EnrolledIdentity,
  type Identity,
  identityPath,
  makeIdentity,
  privateKeyOf,
  readIdentity,
  removeCandidate,
  writeIdentity,
} from "./identity.ts";
import { type Connection, connect, send, VERSIONS } from "./request.ts";
import { SensorError } from "./sensor-error.ts";
import { Refused, Unreachable } from "./server-reply.ts";

export interface EnrollOptions {
  stateDir: string;
  server: string;
  token: string;
  host: HostFacts;
  /** How long to go on when the server cannot be reached. */
  waitMs: number;
  signal: AbortSignal;
  onRetry: (reason: string) => void;
}

const ANOTHER_TOKEN = "create another token under Sensors > Enrollment Tokens";

function hintFor(code: ProblemCode, stateDir: string): string | undefined {
  const newKey = `move ${identityPath(stateDir)} away and run the same command again`;
  const hints: Partial<Record<ProblemCode, string>> = {
    "token-unknown": "copy the token again, or create another one under Sensors > Enrollment Tokens",
    "token-revoked": ANOTHER_TOKEN,
    "token-expired": ANOTHER_TOKEN,
    "token-used-up": "raise its limit in the console, or create another token",
    "token-paused": "resume the token in the console, then run the same command again",
    "network-not-allowed":
      "add this network to the token in the console, or use a token that is meant for it",
    "hostname-not-allowed":
      "add this hostname to the token in the console, or use a token that is meant for it",
    "ticket-unknown":
      "make another ticket on the sensor's page in the console; it is good for one host and one hour",
    "sensor-blocked": "unblock the sensor in the console, then run the same command again",
    "token-group-deleted": "create a token for an asset group that exists",
    "state-conflict": `use the token that this host began with, or ${newKey}`,
    "sensor-unknown": `${newKey}: this host becomes a new sensor`,
  };
  return hints[code];
}

/** What this host has begun or is. Throws SensorError when it is enrolled with another server. */
export function findIdentity(stateDir: string, server: string): Identity | undefined {
  const identity = readIdentity(stateDir);
  if (identity?.state !== "enrolled" || identity.server === server) return identity;
  throw new SensorError(
    "identity",
    `Cannot enroll sensor: it is enrolled with ${identity.server} as ${identity.sensorId}`,
    `to change servers, move ${stateDir} away first; to have a second sensor, choose another folder with --state`,
  );
}

/** The identity, on disk. Throws SensorError. */
export async function enroll(
  options: EnrollOptions,
): Promise<EnrolledIdentity & { assetGroup: string | undefined; awaitingApproval: boolean }> {
  const { stateDir, server, token } = options;
  const isTicket = token.startsWith(TICKET_PREFIX);
  const identity = isTicket ? claimCandidate(stateDir, server) : claimIdentity(stateDir, server);
  // Another command was faster, e.g. while a person typed the token into this one.
  if (identity.state === "enrolled") return { ...identity, assetGroup: undefined, awaitingApproval: false };
  const reply = await requestIdentity(connect(server, privateKeyOf(identity), identity.publicKey), options);
  const { serverKey } = reply;
  const enrolled: EnrolledIdentity = {
    ...identity,
    state: "enrolled",
    sensorId: reply.sensorId,
    enrolledAt: new Date().toISOString(),
    ...(serverKey === undefined ? {} : { serverKey }),
  };
  writeIdentity(stateDir, enrolled);
  if (isTicket) removeCandidate(stateDir);
  const { assetGroup, awaitingApproval } = reply;
  return { ...enrolled, assetGroup: assetGroup?.name, awaitingApproval };
}

/** The identity to go on with, on disk: the one that was begun here, by whichever command, or a new one. */
function claimIdentity(stateDir: string, server: string): Identity {
  for (;;) {
    const earlier = findIdentity(stateDir, server);
    if (earlier?.server === server) return earlier;
    const made = makeIdentity(server);
    if (earlier) writeIdentity(stateDir, made);
    else if (!createIdentity(stateDir, made)) continue;
    return made;
  }
}

async function requestIdentity(
  connection: Connection,
  { stateDir, host, token, waitMs, signal, onRetry }: EnrollOptions,
) {
  const route = token.startsWith(TICKET_PREFIX) ? reEnroll : enrollRoute;
  const body = { ...VERSIONS, publicKey: connection.keyid, host };
  const deadline = Date.now() + waitMs;
  for (let failures = 1; ; failures++) {
    try {
      return await send(connection, route, { body, token, signal });
    } catch (error) {
      if (error instanceof Refused) throw refusal(error, stateDir);
      if (!(error instanceof Unreachable)) throw error;
      const pauseMs = Math.max(error.retryAfterMs, backOffMs(failures));
      if (signal.aborted || Date.now() + pauseMs > deadline) throw unreachable(connection.server, error);
      onRetry(`${connection.server}: ${error.message}; trying again in ${Math.ceil(pauseMs / 1000)} s`);
      await wait(pauseMs, signal);
      if (signal.aborted) throw unreachable(connection.server, error);
    }
  }
}

function refusal({ problem, message }: Refused, stateDir: string): SensorError {
  const reference = problem.reference
    ? `(${problem.reference.replace(/[^\w-]/g, "").slice(0, 40)})`
    : `(request ${problem.requestId.replace(/[^\w-]/g, "").slice(0, 40)})`;
  const isToken = /^(token|ticket|network|hostname)-/.test(problem.code);
  const exit = isToken ? "tokenRefused" : problem.code === "sensor-blocked" ? "blocked" : "sensorRefused";
  const text = message.startsWith("Cannot enroll sensor") ? message : `Cannot enroll sensor: ${message}`;
  return new SensorError(exit, `${text} ${reference}`, hintFor(problem.code, stateDir));
}

function unreachable(server: string, { message, isTrouble }: Unreachable): SensorError {
  return new SensorError(
    isTrouble ? "serverInTrouble" : "serverUnreachable",
    `Cannot enroll sensor: ${server}: ${message}`,
    "run the same command again when it can be reached; it is safe, and costs one use of the token at the most",
  );
}
