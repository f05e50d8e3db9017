// attacklens-sensor enroll: trades a token for an identity.
import { TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { collectHostFacts } from "../collect.ts";
import { changeWay, enroll, findIdentity } from "../enroll.ts";
import { keyFingerprint } from "../identity.ts";
import { SensorError } from "../sensor-error.ts";
import { defaultStateDir, takeEnvironmentToken } from "../settings.ts";
import { checkStateDir } from "../state-folder.ts";
import { readStatus } from "../status-file.ts";
import { readToken } from "../token-source.ts";
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
  });
  const { server, caPin, proxy, environmentProxy } = readConnectionFlags(flags, "enroll sensor");
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const waitMs = parseSeconds(flags.wait) * 1000;

  const sources = { flag: flags.token, file: flags["token-file"], environment };
  const existing = findIdentity(stateDir, server);
  const given = await readToken({ ...sources, readStandardInput }).catch((error: unknown) => {
    // What is enrolled needs no token, whatever has become of the one that it had.
    if (existing?.state === "enrolled" && error instanceof SensorError) return undefined;
    throw error;
  });
  // A ticket is for a sensor that exists, which may be this one.
  if (existing?.state === "enrolled" && !given?.token.startsWith(TICKET_PREFIX)) {
    print(`already enrolled as ${existing.sensorId} with ${server}; the token was not used`);
    const way = { stateDir, server, caPin, proxy, environmentProxy, waitMs, signal: stopSignal() };
    if (await changeWay(existing, { ...way, onRetry: note }))
      print("reaches its server from now on as this command says");
    const state = readStatus(stateDir)?.state;
    if (state === "unknown-to-server" || state === "copied" || state === "key-replaced") {
      note(
        `the server does not take its key any more; to make this host a new sensor, move ${stateDir} away and run the same command again`,
      );
    }
    return;
  }
  const { token, warning } = given!;
  if (warning) note(warning);
  const host = await collectHostFacts();
  const signal = stopSignal();
  const enrolled = await enroll({
    ...{ stateDir, server, token, host, caPin, proxy, environmentProxy, waitMs, signal },
    onRetry: note,
  });
  const group = enrolled.assetGroup === undefined ? "" : ` in the asset group ${enrolled.assetGroup}`;
  const verb = token.startsWith(TICKET_PREFIX) ? "enrolled again" : "enrolled";
  print(`${verb} ${host.hostname} as ${enrolled.sensorId}${group}`);
  if (enrolled.awaitingApproval)
    print(`it waits for approval in the console; its fingerprint is ${keyFingerprint(enrolled.publicKey)}`);
  if (enrolled.readBy !== undefined)
    note(
      `the certificate seen here is not the server's own: a proxy that inspects TLS reads along, or a load balancer (issuer: ${enrolled.readBy})`,
    );
  print("next: attacklens-sensor run");
}

function parseSeconds(value: string | undefined): number {
  if (value === undefined) return DEFAULT_WAIT_SECONDS;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new SensorError("usage", `Cannot wait "${value}": --wait takes whole seconds, e.g. --wait 300`);
}
