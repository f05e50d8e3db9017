// attacklens-sensor check: the preflight check; prints one line per step, with a hint for each problem.

import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import type { Finding } from "../enrollment/preflight/finding.ts";
import { check } from "../enrollment/preflight/preflight.ts";
import { hasToken, readToken } from "../enrollment/token-source.ts";
import { findHostFacts } from "../inventory/host-facts.ts";
import { credentialsFolder, takeEnvironmentToken } from "../settings.ts";
import { CONNECTION_FLAGS, readConnectionFlags } from "./connection-flags.ts";
import { parseFlags } from "./flags.ts";
import { ROOT_FLAG, readRoot } from "./root-flag.ts";
import { note, print, readStandardInput } from "./terminal.ts";

const text = { type: "string" } as const;

const LABELS: Record<Finding["state"], string> = { ok: "ok", note: "note", failed: "FAIL", skipped: "-" };

/**
 * Returns the exit code: 0 enrollment would succeed, 3 the token would be refused, 4 the server cannot be
 * reached, 10 server identity mismatch, 11 this host's clock is wrong.
 */
export async function checkCommand(args: string[]): Promise<number> {
  const environment = takeEnvironmentToken();
  const flags = parseFlags(args, { ...CONNECTION_FLAGS, ...ROOT_FLAG, token: text, "token-file": text });
  const root = readRoot(flags.root);
  const { server, caPin, proxy, environmentProxy } = readConnectionFlags(flags, "check");
  const sources = {
    flag: flags.token,
    file: flags["token-file"],
    environment,
    credentials: credentialsFolder(),
    readStandardInput,
  };
  const given = hasToken(sources) ? await readToken(sources) : undefined;
  if (given?.warning) note(given.warning);
  let exit: number = EXIT_CODES.done;
  const host = await findHostFacts({ root });
  for await (const { step, state, text, hint, exit: failure } of check({
    server,
    token: given?.token,
    caPin,
    proxy: proxy ?? environmentProxy,
    host,
  })) {
    print(`${LABELS[state].padEnd(4)}  ${step.padEnd(11)}  ${text}`);
    if (hint) print(`      hint: ${hint}`);
    if (state === "failed") exit = EXIT_CODES[failure ?? "serverUnreachable"];
  }
  return exit;
}
