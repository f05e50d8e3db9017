// Enrolls this host for the commands enroll and install: with a token, a re-enrollment ticket, or not at all
// if the server has a record of it.
import { TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { changeWay, enroll, findIdentity } from "../enrollment/enroll.ts";
import { endFirstBoot } from "../enrollment/first-boot.ts";
import { findStanding, requireTokenReplaces, wayTo } from "../enrollment/lost-sensor.ts";
import { readToken, TOKEN_SOURCES } from "../enrollment/token-source.ts";
import { findHostFacts } from "../inventory/host-facts.ts";
import { SensorError } from "../sensor-error.ts";
import { credentialsFolder } from "../settings.ts";
import { type EnrolledIdentity, keyFingerprint, readIdentity } from "../state/identity.ts";
import { readStatus, removeStatus } from "../state/status-file.ts";
import { systemReason } from "../system-reason.ts";
import { CONNECTION_FLAGS, readConnectionFlags } from "./connection-flags.ts";
import { note, readStandardInput, stopSignal } from "./terminal.ts";

const DEFAULT_WAIT_SECONDS = 60;
const text = { type: "string" } as const;

export const ENROLL_FLAGS = {
  ...CONNECTION_FLAGS,
  token: text,
  "token-file": text,
  wait: text,
  replace: { type: "boolean" },
} as const;

type EnrollFlags = { [name in Exclude<keyof typeof ENROLL_FLAGS, "replace">]?: string | undefined } & {
  replace?: boolean | undefined;
};

/** `environment`: the token from the environment. Throws SensorError. */
export function readEnrollFlags(flags: EnrollFlags, environment: string | undefined) {
  return {
    ...readConnectionFlags(flags, "enroll sensor"),
    waitMs: parseSeconds(flags.wait) * 1000,
    sources: {
      flag: flags.token,
      file: flags["token-file"],
      environment,
      credentials: credentialsFolder(),
      readStandardInput,
    },
    replace: flags.replace ?? false,
  };
}

export type EnrollRequest = ReturnType<typeof readEnrollFlags> & {
  stateDir: string;
  /** The root folder of the host's files; absent: this system's own. */
  root?: string;
};

/** A service does not have the proxy variables of this shell, so the identity keeps the proxy. */
export function keepProxy<R extends Pick<EnrollRequest, "proxy" | "environmentProxy">>(request: R): R {
  return { ...request, proxy: request.proxy ?? request.environmentProxy };
}

/**
 * Says each result in a line. `isNew`: this host has a new sensor or a new key. Throws SensorError.
 */
export async function enrollHost(
  request: EnrollRequest,
  say: (line: string) => void,
): Promise<{ isNew: boolean }> {
  const result = await enrollHostItself(request, say);
  try {
    // A clone of an image that enrolls with another token.
    endFirstBoot(request.stateDir);
  } catch (error) {
    note(`cannot delete the sealed token in ${request.stateDir}: ${systemReason(error)}; delete it`);
  }
  return result;
}

async function enrollHostItself(
  { sources, replace, root, ...connection }: EnrollRequest,
  say: (line: string) => void,
): Promise<{ isNew: boolean }> {
  const { stateDir, server } = connection;
  const begun = readIdentity(stateDir);
  const existing = begun?.state === "enrolled" ? begun : undefined;
  const given = await readToken(sources).catch((error: unknown) => {
    // An enrolled host needs no token, so the token file may have been deleted.
    if (existing && error instanceof SensorError) return undefined;
    throw error;
  });
  const host = await findHostFacts({ root });
  const options = { ...connection, host, signal: stopSignal(), onRetry: note };
  // A ticket is for an existing sensor, which may be this one.
  const isTicket = given?.token.startsWith(TICKET_PREFIX) ?? false;
  if (isTicket) findIdentity(stateDir, server);
  const replaced = isTicket ? undefined : existing;
  if (replaced) {
    const standing = await findStanding(replaced, options);
    if (standing.is === "known") {
      await goOn(replaced, options, standing.remark, say);
      return { isNew: false };
    }
    if (!replace) await requireTokenReplaces(replaced, standing, options, given?.token);
  }
  if (!given) throw noToken();
  const { token, warning } = given;
  if (warning) note(warning);
  const way = replaced?.server === server ? { way: await wayTo(replaced, options) } : {};
  const enrolled = await enroll({ ...options, ...way, token, replaces: replaced?.sensorId });
  // The status is that of the replaced sensor.
  if (replaced) removeStatus(stateDir);
  const group = enrolled.assetGroup === undefined ? "" : ` in the asset group ${enrolled.assetGroup}`;
  const verb = isTicket || replaced ? "re-enrolled" : "enrolled";
  const place = replaced ? ` in place of ${replaced.sensorId} of ${replaced.server}` : "";
  say(`${verb} ${host.hostname} as ${enrolled.sensorId}${group}${place}`);
  if (enrolled.awaitingApproval)
    say(`awaiting approval in the console; fingerprint: ${keyFingerprint(enrolled.publicKey)}`);
  if (enrolled.readBy !== undefined)
    note(
      `this host sees a certificate other than the server's: a proxy that inspects TLS or a load balancer presents it (issuer: ${enrolled.readBy})`,
    );
  return { isNew: true };
}

/** The server has a record of this host: only the connection settings may change. */
async function goOn(
  existing: EnrolledIdentity,
  options: Parameters<typeof changeWay>[1],
  remark: string | undefined,
  say: (line: string) => void,
): Promise<void> {
  const { stateDir, server } = options;
  say(`already enrolled as ${existing.sensorId} with ${server}; the token was not used`);
  if (await changeWay(existing, options)) say("saved the connection settings of this command");
  if (remark) note(remark);
  if (readStatus(stateDir)?.state === "cloned")
    note(
      "another host owns this sensor's key, and the token rejects cloned hosts; use a re-enrollment ticket",
    );
}

function noToken(): SensorError {
  return new SensorError("usage", "Cannot enroll sensor: no usable token was given", `use ${TOKEN_SOURCES}`);
}

function parseSeconds(value: string | undefined): number {
  if (value === undefined) return DEFAULT_WAIT_SECONDS;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new SensorError("usage", `Cannot use --wait "${value}": enter whole seconds, e.g. --wait 300`);
}
