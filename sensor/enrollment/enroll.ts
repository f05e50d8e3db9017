// Enrolls this host with a token. An interrupted enrollment can be repeated at any step: it uses the same key
// and one use.
import { enroll as enrollRoute, type HostFacts, reEnroll } from "@attacklens/protocol/enroll.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";
import { TOKEN_HINTS } from "@attacklens/protocol/token-refusals.ts";
import { TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { SensorError } from "../sensor-error.ts";
import {
  changedMeanwhile,
  changeIdentity,
  claimCandidate,
  type EnrolledIdentity,
  goOnBy,
  type Identity,
  identityPath,
  isSameSensor,
  makeIdentity,
  readIdentity,
  removeCandidate,
  type Way,
} from "../state/identity.ts";
import { privateKeyOf } from "../state/private-key.ts";
import { SENSOR_STATES } from "../state/status-file.ts";
import { backOffMs, wait } from "../transport/back-off.ts";
import { findPinnedRoot, issuerOf, lookAtCertificate, pinOf } from "../transport/certificates.ts";
import { type Connection, connect, failureOf, send, VERSIONS } from "../transport/request.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";

export interface EnrollOptions {
  stateDir: string;
  server: string;
  token: string;
  host: HostFacts;
  /**
   * Id of the current sensor, which a new one replaces. Its identity stays on the disk until the new one is
   * written.
   */
  replaces?: string | undefined;
  /** The connection settings, if they are already decided. */
  way?: Way;
  /** `sha256:…` of the private CA's key; undefined: the system's trust store is used. */
  caPin?: string | undefined;
  /** Saved with the identity. */
  proxy?: string | undefined;
  /** The proxy from the environment, used without `proxy`. */
  environmentProxy?: string | undefined;
  /** How long to retry if the server cannot be reached. */
  waitMs: number;
  signal: AbortSignal;
  onRetry: (reason: string) => void;
}

function hintFor(code: ProblemCode, stateDir: string): string | undefined {
  const newKey = `move ${identityPath(stateDir)} away and run the same command again`;
  const hints: Partial<Record<ProblemCode, string>> = {
    ...TOKEN_HINTS,
    "ticket-unknown":
      "create a new ticket on the sensor's page in the console; it is valid for one host and one hour",
    "sensor-blocked": "unblock the sensor in the console, then repeat the command",
    "key-taken": `use the token of the first attempt, or ${newKey} to enroll this host as a new sensor`,
  };
  return hints[code];
}

/** The identity on the disk, enrolled or not. Throws SensorError if it is enrolled with another server. */
export function findIdentity(stateDir: string, server: string): Identity | undefined {
  const identity = readIdentity(stateDir);
  if (identity?.state !== "enrolled" || identity.server === server) return identity;
  throw elsewhere(identity, server);
}

/** The error for a host that is enrolled with another server. */
export function elsewhere(
  { server: own, sensorId }: Pick<EnrolledIdentity, "server" | "sensorId">,
  server: string,
): SensorError {
  return new SensorError(
    "identity",
    `Cannot enroll sensor: this host is already enrolled with ${own} as ${sensorId}`,
    `to enroll it with ${server} instead, repeat the command with --replace; to run a second sensor, choose another folder with --state`,
  );
}

interface Arrival {
  assetGroup: string | undefined;
  awaitingApproval: boolean;
  /** Issuer of the certificate that this host sees, if it is not the server's own. */
  readBy: string | undefined;
}

/** Returns the identity after it is on the disk. Throws SensorError. */
export async function enroll(
  options: EnrollOptions,
  isSecondTry = false,
): Promise<EnrolledIdentity & Arrival> {
  const { stateDir, server, token } = options;
  const isTicket = token.startsWith(TICKET_PREFIX);
  const isBeside = isTicket || options.replaces !== undefined;
  const way = options.way ?? (await findWay(options));
  const identity = isBeside ? claimCandidate(stateDir, server, way) : claimIdentity(stateDir, server, way);
  // Another command has enrolled this host meanwhile, e.g. while the user typed the token.
  const faster = identity.state === "enrolled" ? identity : findReplacement(options);
  if (faster) {
    if (isBeside) removeCandidate(stateDir);
    return { ...faster, assetGroup: undefined, awaitingApproval: false, readBy: undefined };
  }
  const { ca, proxy = options.environmentProxy } = identity;
  const connection = connect(server, privateKeyOf(identity), identity.publicKey, { ca, proxy });
  const reply = await requestIdentity(connection, options).catch((error: unknown) => {
    // An interrupted attempt with another token has already used this key.
    if (!options.replaces || isSecondTry || !isKeySpent(error)) throw error;
    removeCandidate(stateDir);
    return undefined;
  });
  if (!reply) return await enroll(options, true);
  const { serverKey } = reply;
  const enrolled: EnrolledIdentity = {
    ...identity,
    state: "enrolled",
    sensorId: reply.sensorId,
    // By the server's clock, because this host's may be wrong.
    enrolledAt: reply.serverTime,
    ...(serverKey === undefined ? {} : { serverKey }),
  };
  const kept = changeIdentity(stateDir, (onDisk) => {
    // A sensor that another command has enrolled may have rotated its key since.
    const isDone = onDisk?.state === "enrolled" && !isTicket && onDisk.sensorId !== options.replaces;
    return isDone ? onDisk : enrolled;
  });
  if (isBeside) removeCandidate(stateDir);
  const { assetGroup, awaitingApproval } = reply;
  const readBy = await findReader(connection, reply.certificate);
  return { ...kept, assetGroup: assetGroup?.name, awaitingApproval, readBy };
}

/** The identity of a new sensor that another command has already enrolled instead; undefined: none. */
function findReplacement({ stateDir, replaces }: EnrollOptions): EnrolledIdentity | undefined {
  const onDisk = replaces === undefined ? undefined : readIdentity(stateDir);
  return onDisk?.state === "enrolled" && onDisk.sensorId !== replaces ? onDisk : undefined;
}

function isKeySpent(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return (
    cause instanceof Refused && (cause.problem.status === 409 || cause.problem.code === "sensor-unknown")
  );
}

/**
 * Issuer of a certificate other than the server's: of a trusted proxy that inspects TLS, or of a load
 * balancer.
 */
async function findReader(
  { server, proxy, ca }: Connection,
  certificate: string | null | undefined,
): Promise<string | undefined> {
  // A pin excludes inspection.
  if (!certificate || ca || !server.startsWith("https:")) return undefined;
  const seen = await lookAtCertificate(server, proxy).catch(() => undefined);
  return seen?.chain[0] && pinOf(seen.chain[0]) !== certificate ? issuerOf(seen.chain) : undefined;
}

/** Returns the identity for this enrollment, on the disk: that of an earlier attempt, or a new one. */
function claimIdentity(stateDir: string, server: string, way: Way): Identity {
  const claimed = changeIdentity<Identity>(stateDir, (earlier) => {
    if (earlier?.server === server) return earlier;
    if (earlier?.state === "enrolled") throw elsewhere(earlier, server);
    return { ...makeIdentity(server), ...way };
  });
  return claimed.state === "enrolled" ? claimed : goOnBy(way, claimed);
}

type WayOptions = Omit<EnrollOptions, "token" | "host" | "way">;

/**
 * Replaces the root or the proxy of an enrolled host, e.g. after it was off during a CA rotation. Returns
 * false if they are already saved. Throws SensorError, and then changes nothing.
 */
export async function changeWay(identity: EnrolledIdentity, options: WayOptions): Promise<boolean> {
  const { stateDir, caPin, proxy = identity.proxy } = options;
  const isTrusted = caPin === undefined || (identity.ca ?? []).some((root) => pinOf(root) === caPin);
  if (isTrusted && proxy === identity.proxy) return false;
  const way = await findWay({ ...options, proxy, caPin: isTrusted ? undefined : caPin });
  changeIdentity(stateDir, (onDisk) => {
    if (onDisk && isSameSensor(onDisk, identity)) return { ...onDisk, ...way };
    throw changedMeanwhile("enroll", stateDir);
  });
  return true;
}

/** Finds the root with the pin, with retries while the server cannot be reached. Throws SensorError. */
export async function findWay({
  server,
  caPin,
  proxy,
  environmentProxy,
  ...options
}: WayOptions): Promise<Way> {
  const way: Way = proxy === undefined ? {} : { proxy };
  if (caPin === undefined) return way;
  const find = async () => {
    try {
      return await findPinnedRoot(server, caPin, proxy ?? environmentProxy);
    } catch (error) {
      if (error instanceof SensorError) throw error;
      throw await failureOf({ server, proxy: proxy ?? environmentProxy }, error);
    }
  };
  return { ...way, ca: [await persist(server, options, find)] };
}

async function requestIdentity(
  connection: Connection,
  { stateDir, host, token, waitMs, signal, onRetry }: EnrollOptions,
) {
  const route = token.startsWith(TICKET_PREFIX) ? reEnroll : enrollRoute;
  const body = { ...VERSIONS, publicKey: connection.keyid, host };
  return await persist(connection.server, { waitMs, signal, onRetry }, async () => {
    try {
      return await send(connection, route, { body, token, signal });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (route !== reEnroll || error.problem.code !== "key-taken") throw refusal(error, stateDir);
      // The key was only for this ticket. The next attempt creates another.
      removeCandidate(stateDir);
      throw refusal(error, stateDir, "repeat the command: it creates a new key");
    }
  });
}

/** Retries until success, a refusal, or a timeout. Throws SensorError. */
export async function persist<T>(
  server: string,
  { waitMs, signal, onRetry }: Pick<EnrollOptions, "waitMs" | "signal" | "onRetry">,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + waitMs;
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      const pauseMs = Math.max(error.retryAfterMs, backOffMs(failures));
      // A retry would see the same certificate.
      const isHopeless = error.state === "wrong-server" || error.state === "clock-wrong";
      if (isHopeless || signal.aborted || Date.now() + pauseMs > deadline) throw unreachable(server, error);
      onRetry(`${server}: ${error.message}; retrying in ${Math.ceil(pauseMs / 1000)} s`);
      await wait(pauseMs, signal);
      if (signal.aborted) throw unreachable(server, error);
    }
  }
}

function refusal(
  refused: Refused,
  stateDir: string,
  hint = hintFor(refused.problem.code, stateDir),
): SensorError {
  const { problem, message } = refused;
  const reference = problem.reference
    ? `(${problem.reference.replace(/[^\w-]/g, "").slice(0, 40)})`
    : `(request ${problem.requestId.replace(/[^\w-]/g, "").slice(0, 40)})`;
  const isToken = /^(token|ticket|network|hostname)-/.test(problem.code);
  const exit = isToken ? "tokenRefused" : problem.code === "sensor-blocked" ? "blocked" : "sensorRefused";
  const text = message.startsWith("Cannot enroll sensor") ? message : `Cannot enroll sensor: ${message}`;
  return new SensorError(exit, `${text} ${reference}`, hint, { cause: refused });
}

function unreachable(server: string, { message, state }: Unreachable): SensorError {
  const again =
    "repeat the command when the server is reachable; this is safe and takes at most one use of the token";
  const hints: Partial<Record<typeof state, string>> = {
    "wrong-server":
      "use --ca-pin with the pin from the console, add the issuer to this host's trust store, or bypass the proxy that inspects TLS",
    "clock-wrong": "correct this host's clock, then repeat the command",
  };
  const text = `Cannot enroll sensor: ${server}: ${message}`;
  return new SensorError(SENSOR_STATES[state] as ExitName, text, hints[state] ?? again);
}
