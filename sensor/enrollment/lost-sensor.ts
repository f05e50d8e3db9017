// Lost sensors: checks whether the server has a record of this host, and whether the host may enroll as a new
// sensor if not. Only a refusal signed by the sensor's own server or an option of the command counts. No
// other server can make a host give up its identity.
import { checkToken, confirmSensor } from "@attacklens/protocol/enroll.ts";
import type { ProblemCode } from "@attacklens/protocol/problems.ts";
import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";
import { TOKEN_HINTS } from "@attacklens/protocol/token-refusals.ts";
import { SensorError } from "../sensor-error.ts";
import { type EnrolledIdentity, makeIdentity, type Way } from "../state/identity.ts";
import { privateKeyOf } from "../state/private-key.ts";
import { pinOf } from "../transport/certificates.ts";
import { connect, send } from "../transport/request.ts";
import { Refused } from "../transport/server-reply.ts";
import { type EnrollOptions, elsewhere, findWay, persist } from "./enroll.ts";

/** The relation of the server in the command to this host's identity. */
export type Standing =
  | { is: "known"; remark?: string }
  /** According to its signed reply, it has no such sensor, or another key for it. */
  | { is: "lost" }
  /** The same, but this host cannot verify the signature. */
  | { is: "doubtful" }
  | { is: "other-server" }
  | { is: "other-address" }
  | { is: "key-replaced" };

/** Remarks for refusals of a sensor that the server has a record of. */
const REMARKS: Partial<Record<ProblemCode, string>> = {
  "sensor-blocked": "the sensor is blocked in the console",
  "sensor-awaiting-approval": "the sensor is awaiting approval in the console",
};

export type LostOptions = Omit<EnrollOptions, "token">;

/** Asks the server without changing anything. Throws SensorError, e.g. if it cannot be reached. */
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
  // Without such a route, the server cannot have lost the sensor's record.
  if (code === "not-found") return { is: "known" };
  if (isAuthentic === false) return { is: "other-server" };
  if (code === "sensor-unknown" || code === "signature-invalid")
    return { is: isAuthentic ? "lost" : "doubtful" };
  if (code === "key-replaced" && isAuthentic) return { is: "key-replaced" };
  const remark = REMARKS[code];
  return remark === undefined ? { is: "known" } : { is: "known", remark };
}

/** The connection settings of the command if it has a new pin; otherwise those of the identity. */
export async function wayTo(identity: EnrolledIdentity, options: LostOptions): Promise<Way> {
  const { proxy = identity.proxy } = options;
  if (hasNewPin(identity, options.caPin)) return await findWay({ ...options, proxy });
  return { ...(identity.ca ? { ca: identity.ca } : {}), ...(proxy === undefined ? {} : { proxy }) };
}

/** Whether the command has the pin of a private CA that this host does not trust yet. */
function hasNewPin({ ca }: EnrolledIdentity, caPin: string | undefined): boolean {
  return caPin !== undefined && !(ca ?? []).some((root) => pinOf(root) === caPin);
}

/** Throws SensorError with the reason and a hint, unless the token re-enrolls this host as a new sensor. */
export async function requireTokenReplaces(
  identity: EnrolledIdentity,
  standing: Exclude<Standing, { is: "known" }>,
  options: LostOptions,
  token: string | undefined,
): Promise<void> {
  const refusal = describe(identity, standing, options.server);
  if (token === undefined || standing.is === "doubtful" || standing.is === "key-replaced") throw refusal;
  // An unknown server receives the token only if the command has its pin.
  if (standing.is === "other-address" && options.caPin === undefined) throw refusal;
  const { server, host, environmentProxy, signal } = options;
  const way = identity.server === server ? await wayTo(identity, options) : await findWay(options);
  const { ca, proxy = environmentProxy } = way;
  // A throwaway key: the route accepts any key and stores none.
  const key = makeIdentity(server);
  const connection = connect(server, privateKeyOf(key), key.publicKey, { ca, proxy });
  const told = await persist(server, options, () =>
    send(connection, checkToken, { body: { hostname: host.hostname }, token, signal }),
  ).catch((error: unknown) => {
    throw error instanceof Refused ? refusedToken(refusal, error.message, error.problem.code) : error;
  });
  if (told.refusal) throw refusedToken(refusal, told.refusal.detail, told.refusal.code);
  // The pin of a new CA is the operator's statement that the server was replaced.
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
