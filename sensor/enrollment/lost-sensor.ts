// Whether the server still knows the sensor that this host is, and what may be done about it when it does not: after the server lost
// its data, or was restored to older data. Only a refusal that the sensor's own server has signed, or what the operator says in the
// command, counts; whoever else answers cannot make a host give its identity up.
import { checkToken, confirmSensor } from "@attacklens/protocol/enroll.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import { type ExitName, SensorError } from "../sensor-error.ts";
import { type EnrolledIdentity, makeIdentity, privateKeyOf, type Way } from "../state/identity.ts";
import { pinOf } from "../transport/certificates.ts";
import { connect, send } from "../transport/request.ts";
import { Refused } from "../transport/server-reply.ts";
import { type EnrollOptions, elsewhere, findWay, persist, TOKEN_HINTS } from "./enroll.ts";

/** How the server that the command names stands to this host's identity. */
export type Standing =
  | { is: "known"; remark?: string }
  /** It signed that it has no such sensor, or another key for it. */
  | { is: "lost" }
  /** It says so without a signature that this host could verify. */
  | { is: "doubtful" }
  | { is: "other-server" }
  | { is: "other-address" }
  | { is: "key-replaced" };

/** What a refusal says of a sensor that the server knows. */
const REMARKS: Partial<Record<ProblemCode, string>> = {
  "sensor-blocked": "the sensor is blocked in the console",
  "sensor-awaiting-approval": "the sensor is awaiting approval in the console",
};

export type LostOptions = Omit<EnrollOptions, "token">;

/** Asks the server. It changes nothing there. Throws SensorError when it cannot be asked, e.g. cannot be reached. */
export async function findStanding(identity: EnrolledIdentity, options: LostOptions): Promise<Standing> {
  if (identity.server !== options.server) return { is: "other-address" };
  const { server, environmentProxy, signal } = options;
  const { ca, proxy = environmentProxy } = await wayTo(identity, options);
  const known = { serverKey: identity.serverKey, ca, proxy };
  return await persist(server, options, async () => {
    try {
      await send(connect(server, privateKeyOf(identity), identity.sensorId, known), confirmSensor, {
        body: {},
        signal,
      });
      return { is: "known" };
    } catch (error) {
      if (error instanceof Refused) return standingFrom(error);
      throw error;
    }
  });
}

function standingFrom({ problem: { code }, isAuthentic }: Refused): Standing {
  // A server of an earlier release has no such route.
  if (code === "not-found") return { is: "known" };
  if (isAuthentic === false) return { is: "other-server" };
  if (code === "sensor-unknown" || code === "signature-invalid")
    return { is: isAuthentic ? "lost" : "doubtful" };
  if (code === "key-replaced" && isAuthentic) return { is: "key-replaced" };
  const remark = REMARKS[code];
  return remark === undefined ? { is: "known" } : { is: "known", remark };
}

/** By the pin in the command, where it is new; else as the host reaches its server. */
export async function wayTo(identity: EnrolledIdentity, options: LostOptions): Promise<Way> {
  const { proxy = identity.proxy } = options;
  if (hasNewPin(identity, options.caPin)) return await findWay({ ...options, proxy });
  return { ...(identity.ca ? { ca: identity.ca } : {}), ...(proxy === undefined ? {} : { proxy }) };
}

/** Whether the command gives the pin of a private CA that this host, which trusts another, does not have yet. */
function hasNewPin({ ca }: EnrolledIdentity, caPin: string | undefined): boolean {
  return caPin !== undefined && !(ca ?? []).some((root) => pinOf(root) === caPin);
}

/** Throws SensorError, which says what is the matter and what to do, unless the token makes this host a new sensor. */
export async function requireTokenReplaces(
  identity: EnrolledIdentity,
  standing: Exclude<Standing, { is: "known" }>,
  options: LostOptions,
  token: string | undefined,
): Promise<void> {
  const refusal = describe(identity, standing, options.server);
  if (token === undefined || standing.is === "doubtful" || standing.is === "key-replaced") throw refusal;
  // A server that this host does not know is shown the token only when the operator's pin says which one it is.
  if (standing.is === "other-address" && options.caPin === undefined) throw refusal;
  const { server, host, environmentProxy, signal } = options;
  const way = identity.server === server ? await wayTo(identity, options) : await findWay(options);
  const { ca, proxy = environmentProxy } = way;
  // A key for this one request: the route takes any, and keeps none.
  const key = makeIdentity(server);
  const connection = connect(server, privateKeyOf(key), key.publicKey, { ca, proxy });
  const told = await persist(server, options, () =>
    send(connection, checkToken, { body: { hostname: host.hostname }, token, signal }),
  ).catch((error: unknown) => {
    throw error instanceof Refused ? refusedToken(refusal, error.message, error.problem.code) : error;
  });
  if (told.refusal) throw refusedToken(refusal, told.refusal.detail, told.refusal.code);
  // The operator who rolls out the pin of a new CA says by it that the server is another one.
  const isNewCa = identity.ca !== undefined && hasNewPin(identity, options.caPin);
  if (told.reEnrollLost === "always" || (told.reEnrollLost === "new-pin" && isNewCa)) return;
  throw refusal;
}

const WORDS: Record<
  Exclude<Standing["is"], "known" | "other-address">,
  { exit: ExitName; what: (id: string) => string }
> = {
  lost: {
    exit: "unknownToServer",
    what: (id) => `has no record of this host: its signed reply says that ${id} with this key does not exist`,
  },
  doubtful: {
    exit: "unknownToServer",
    what: (id) => `replied that ${id} does not exist, but this host cannot verify the reply`,
  },
  "other-server": {
    exit: "wrongServer",
    what: (id) => `is not the server that this host is enrolled with as ${id}: it signs with a different key`,
  },
  "key-replaced": {
    exit: "keyNotOurs",
    what: (id) => `gave ${id} another key through a re-enrollment ticket and refuses this host's key`,
  },
};

function describe(
  { sensorId, server: own }: EnrolledIdentity,
  { is }: Exclude<Standing, { is: "known" }>,
  server: string,
): SensorError {
  if (is === "other-address") return elsewhere({ sensorId, server: own }, server);
  const { exit, what } = WORDS[is];
  const byToken =
    is === "doubtful" || is === "key-replaced" ? "" : ", or use a token that re-enrolls lost sensors";
  return new SensorError(
    exit,
    `Cannot enroll sensor: ${server} ${what(sensorId)}; the identity was kept`,
    `to enroll this host as a new sensor, repeat the command with --replace${byToken}`,
  );
}

function refusedToken(refusal: SensorError, detail: string, code: ProblemCode): SensorError {
  const reason = detail.replace(/^Cannot enroll sensor: /, "");
  return new SensorError(
    "tokenRefused",
    `${refusal.message}; the token would be refused: ${reason}`,
    TOKEN_HINTS[code],
  );
}
