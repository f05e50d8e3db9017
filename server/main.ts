// The server's command line: picks the command, and says what went wrong.
import { Problem } from "@attacklens/protocol/problems.ts";
import { COMMIT, RELEASE, SENSOR_PROTOCOL_VERSIONS } from "@attacklens/protocol/version.ts";
import { CA_USAGE, caCommand } from "./commands/ca.ts";
import { EXIT_CODES } from "./commands/command-error.ts";
import { createUserCommand } from "./commands/create-user.ts";
import { serve } from "./commands/serve.ts";
import { TOKEN_USAGE, tokenCommand } from "./commands/token.ts";
import { ConfigError, dropWeakening } from "./config.ts";
import { explainDatabase } from "./db/explain.ts";
import { explainFile } from "./explain-system.ts";
import type { ConsoleBundle } from "./http/console-files.ts";

const USAGE = `Usage:
  attacklens serve [--data DIR] [--listen ADDRESS:PORT] [--public-url URL]
                   [--sensor-listen ADDRESS:PORT] [--sensor-url URL]
                   [--tls-cert FILE --tls-key FILE | --tls private|off]
                   [--tls-names NAMES] [--trusted-proxies NETWORKS]
  attacklens ca show|rotate|retire ...
  attacklens user create [--data DIR] --email E-MAIL --name NAME --role ROLE < password
  attacklens token create|list|show|pause|resume|revoke|rotate|delete ...
  attacklens version [--json]

serve runs the console and the API. Its data is in DIR (~/.attacklens), or in the
PostgreSQL that DATABASE_URL names. It listens on 127.0.0.1:8080 and speaks plain HTTP
there; on any other address it speaks HTTPS, with the certificate in FILE, which is read
again on SIGHUP, or with one of its private CA (attacklens ca --help). --tls off is for
a proxy on another machine. --sensor-listen gives sensors a port of their own.
The first start prints a link that creates the first Super Admin.

user create makes a person with the role viewer, posture-manager, admin or
super-admin, and reads the password from standard input.

token manages enrollment tokens through the API of a server, with an API key or a
sign-in: attacklens token --help

Environment: ATTACKLENS_DATA, ATTACKLENS_LISTEN, ATTACKLENS_PUBLIC_URL,
ATTACKLENS_SENSOR_LISTEN, ATTACKLENS_SENSOR_URL, ATTACKLENS_TLS_CERT,
ATTACKLENS_TLS_KEY, ATTACKLENS_TLS, ATTACKLENS_TLS_NAMES, ATTACKLENS_TRUSTED_PROXIES,
DATABASE_URL, ATTACKLENS_DATABASE_POOL (connections; 10), ATTACKLENS_LISTEN_URL
(PostgreSQL for notifications, where DATABASE_URL leads to a pooler),
ATTACKLENS_SECRET (the same on every server of a database),
ATTACKLENS_METRICS_TOKEN (bearer for /metrics), ATTACKLENS_LOG_LEVEL (debug, info, warn, error),
ATTACKLENS_CHECK_IN_INTERVAL (seconds; 60), ATTACKLENS_KEY_MAX_AGE_DAYS (age at
which sensors make a new key; 30).

Exit codes: 0 done, 1 failed, 2 usage or configuration.

Example:
  $ attacklens serve --data /var/lib/attacklens
`;

/** Runs one command; answers the exit code. */
export async function main(args: string[], bundle: ConsoleBundle): Promise<number> {
  const { notice, trustNotice } = dropWeakening();
  if (notice) console.error(`attacklens: ${notice}`);
  const exitCode = await runOne(args, bundle);
  if (trustNotice && exitCode === EXIT_CODES.unreachable) console.error(`attacklens: ${trustNotice}`);
  return exitCode;
}

async function runOne(args: string[], bundle: ConsoleBundle): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (["help", "--help", "-h"].includes(command ?? "") || rest.includes("--help") || rest.includes("-h")) {
      const usages: Record<string, string> = { token: TOKEN_USAGE, ca: CA_USAGE };
      console.log(usages[command ?? ""] ?? USAGE);
      return 0;
    }
    if (command === "serve") return await serve(rest, bundle);
    if (command === "user" && rest[0] === "create") return await createUserCommand(rest.slice(1));
    if (command === "token") return await tokenCommand(rest);
    if (command === "ca") return await caCommand(rest);
    if (command === "version" || command === "--version") {
      const unknown = rest.find((word) => word !== "--json");
      if (unknown !== undefined) throw new ConfigError(`Unknown option ${JSON.stringify(unknown)}`);
      console.log(rest.length > 0 ? describeBuild() : `attacklens ${RELEASE}`);
      return 0;
    }
    throw new ConfigError(unknownCommand(command, rest[0]));
  } catch (error) {
    console.error(`attacklens: ${explain(error)}`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

function unknownCommand(command: string | undefined, verb: string | undefined): string {
  if (command === undefined) return "No command is given";
  const named = command === "user" && verb !== undefined ? `user ${verb}` : command;
  return command === "user" && verb === undefined
    ? "user needs a command: attacklens user create"
    : `There is no command ${JSON.stringify(named)}`;
}

function describeBuild(): string {
  const build = {
    program: "attacklens",
    version: RELEASE,
    commit: COMMIT,
    bun: Bun.version,
    platform: `${process.platform}-${process.arch}`,
    protocolVersions: SENSOR_PROTOCOL_VERSIONS,
  };
  return JSON.stringify(build, null, 2);
}

function explain(error: unknown): string {
  if (error instanceof Problem) return error.detail;
  const { message } = error as Error;
  if (error instanceof ConfigError && !message.includes("hint:"))
    return `${message}\nhint: attacklens help shows the commands and their options`;
  return explainDatabase(error) ?? explainFile(error) ?? message ?? String(error);
}
