// The server's command line: runs a command and prints its error.
import { Problem } from "@attacklens/protocol/problems.ts";
import { COMMIT, RELEASE, SENSOR_PROTOCOL_VERSIONS } from "@attacklens/protocol/version.ts";
import { CA_USAGE, caCommand } from "./commands/ca.ts";
import { EXIT_CODES } from "./commands/command-error.ts";
import { createUserCommand, USER_USAGE } from "./commands/create-user.ts";
import { packageFilesCommand } from "./commands/package-files.ts";
import { RELEASES_USAGE, releasesCommand } from "./commands/releases.ts";
import { SERVE_USAGE, serve } from "./commands/serve.ts";
import { TOKEN_USAGE, tokenCommand } from "./commands/token.ts";
import { UPDATES_USAGE, updatesCommand } from "./commands/updates.ts";
import { ConfigError, dropWeakening } from "./config.ts";
import { explainDatabase } from "./db/explain.ts";
import { explainFile } from "./explain-system.ts";
import type { ConsoleBundle } from "./http/console-files.ts";

const USAGE = `Usage:
  attacklens serve [OPTION]...              runs the console and the API
  attacklens user create ...                creates a user
  attacklens token create|list|show|...     manages enrollment tokens through the API of a server
  attacklens updates status|set|pin|...     manages update rings through the API of a server
  attacklens ca show|rotate|retire ...      manages the private CA
  attacklens releases add|list|remove|...   manages the programs that this server offers to hosts
  attacklens package-files                  prints what the packages contain, for the build
  attacklens version [--json]               prints the version

attacklens COMMAND --help describes a command.

Exit codes: 0 success, 1 failure, 2 usage or configuration error.

Example:
  $ attacklens serve --data /var/lib/attacklens
`;

const USAGES: Record<string, string> = {
  serve: SERVE_USAGE,
  user: USER_USAGE,
  token: TOKEN_USAGE,
  updates: UPDATES_USAGE,
  ca: CA_USAGE,
  releases: RELEASES_USAGE,
};

/** Runs one command and returns its exit code. */
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
      console.log(USAGES[command ?? ""] ?? USAGE);
      return 0;
    }
    if (command === "serve") return await serve(rest, bundle);
    if (command === "user" && rest[0] === "create") return await createUserCommand(rest.slice(1));
    if (command === "token") return await tokenCommand(rest);
    if (command === "updates") return await updatesCommand(rest);
    if (command === "ca") return await caCommand(rest);
    if (command === "releases") return await releasesCommand(rest);
    if (command === "package-files") return packageFilesCommand();
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
  if (command === undefined) return "Missing command";
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
    return `${message}\nhint: attacklens help lists the commands`;
  return explainDatabase(error) ?? explainFile(error) ?? message ?? String(error);
}
