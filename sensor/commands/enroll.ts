// attacklens-sensor enroll: enrolls this host with a token or a re-enrollment ticket.
import { TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { collectHostFacts } from "../collectors/collect.ts";
import { changeWay, enroll, findIdentity } from "../enrollment/enroll.ts";
import { findStanding, requireTokenReplaces, wayTo } from "../enrollment/lost-sensor.ts";
import { readToken } from "../enrollment/token-source.ts";
import { SensorError } from "../sensor-error.ts";
import { defaultStateDir, takeEnvironmentToken } from "../settings.ts";
import { type EnrolledIdentity, keyFingerprint, readIdentity } from "../state/identity.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { readStatus, removeStatus } from "../state/status-file.ts";
import { CONNECTION_FLAGS, readConnectionFlags } from "./connection-flags.ts";
import { note, parseFlags, print, readStandardInput, stopSignal } from "./terminal.ts";

const DEFAULT_WAIT_SECONDS = 60;
const text = { type: "string" } as const;

export async function enrollCommand(args: string[]): Promise<void> {
  const environment = takeEnvironmentToken();
  const flags = parseFlags(args, {
    ...CONNECTION_FLAGS,
    token: text,
    "token-file": text,
    state: text,
    wait: text,
    replace: { type: "boolean" },
  });
  const { server, caPin, proxy, environmentProxy } = readConnectionFlags(flags, "enroll sensor");
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const waitMs = parseSeconds(flags.wait) * 1000;

  const sources = { flag: flags.token, file: flags["token-file"], environment };
  const begun = readIdentity(stateDir);
  const existing = begun?.state === "enrolled" ? begun : undefined;
  const given = await readToken({ ...sources, readStandardInput }).catch((error: unknown) => {
    // An enrolled host needs no token, so the token file may have been deleted.
    if (existing && error instanceof SensorError) return undefined;
    throw error;
  });
  const host = await collectHostFacts();
  const signal = stopSignal();
  const options = { stateDir, server, host, caPin, proxy, environmentProxy, waitMs, signal, onRetry: note };
  // A ticket is for an existing sensor, which may be this one.
  const isTicket = given?.token.startsWith(TICKET_PREFIX) ?? false;
  if (isTicket) findIdentity(stateDir, server);
  const replaced = isTicket ? undefined : existing;
  if (replaced) {
    const standing = await findStanding(replaced, options);
    if (standing.is === "known") return await goOn(replaced, options, standing.remark);
    if (!flags.replace) await requireTokenReplaces(replaced, standing, options, given?.token);
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
  print(`${verb} ${host.hostname} as ${enrolled.sensorId}${group}${place}`);
  if (enrolled.awaitingApproval)
    print(`awaiting approval in the console; fingerprint: ${keyFingerprint(enrolled.publicKey)}`);
  if (enrolled.readBy !== undefined)
    note(
      `this host sees a certificate other than the server's: a proxy that inspects TLS or a load balancer presents it (issuer: ${enrolled.readBy})`,
    );
  print("next: attacklens-sensor run");
}

/** The server has a record of this host: only the connection settings may change. */
async function goOn(
  existing: EnrolledIdentity,
  options: Parameters<typeof changeWay>[1],
  remark: string | undefined,
): Promise<void> {
  const { stateDir, server } = options;
  print(`already enrolled as ${existing.sensorId} with ${server}; the token was not used`);
  if (await changeWay(existing, options)) print("saved the connection settings of this command");
  if (remark) note(remark);
  if (readStatus(stateDir)?.state === "cloned")
    note(
      "another host owns this sensor's key, and the token rejects cloned hosts; use a re-enrollment ticket",
    );
}

function noToken(): SensorError {
  return new SensorError(
    "usage",
    "Cannot enroll sensor: no usable token was given",
    "use --token-file FILE, --token - for standard input, or the environment variable ATTACKLENS_TOKEN",
  );
}

function parseSeconds(value: string | undefined): number {
  if (value === undefined) return DEFAULT_WAIT_SECONDS;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new SensorError("usage", `Cannot use --wait "${value}": enter whole seconds, e.g. --wait 300`);
}
