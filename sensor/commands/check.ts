// attacklens-sensor check: whether this host could enroll; a line for each step, with what to do about it.
import { check } from "../check.ts";
import { collectHostFacts } from "../collect.ts";
import { EXIT_CODES, SensorError } from "../sensor-error.ts";
import { parseServerUrl } from "../server-url.ts";
import { proxyFor, takeEnvironmentToken } from "../settings.ts";
import { readToken } from "../token-source.ts";
import { note, parseFlags, print, readStandardInput } from "./terminal.ts";

const text = { type: "string" } as const;

/** Answers the exit code: 0 it could, 3 the token would be refused, 4 the server cannot be reached. */
export async function checkCommand(args: string[]): Promise<number> {
  const environment = takeEnvironmentToken();
  const flags = parseFlags(args, { server: text, token: text, "token-file": text });
  if (flags.server === undefined) {
    throw new SensorError(
      "usage",
      "Cannot check: no server is given",
      "add --server https://attacklens.example.com",
    );
  }
  const server = parseServerUrl(flags.server);
  const sources = { flag: flags.token, file: flags["token-file"], environment };
  const isGiven = Object.values(sources).some((source) => source !== undefined);
  const given = isGiven ? await readToken({ ...sources, readStandardInput }) : undefined;
  if (given?.warning) note(given.warning);
  let exit: number = EXIT_CODES.done;
  const host = await collectHostFacts();
  for await (const { step, ok, text, hint } of check({
    server,
    token: given?.token,
    proxy: proxyFor(server),
    host,
  })) {
    print(`${ok ? "ok  " : "FAIL"}  ${step.padEnd(11)}  ${text}`);
    if (hint) print(`      hint: ${hint}`);
    if (!ok) exit = step === "token" ? EXIT_CODES.tokenRefused : EXIT_CODES.serverUnreachable;
  }
  return exit;
}
