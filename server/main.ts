// The server's command line: runs a command and prints its error. It loads a command only to run it: `serve`
// needs ten times as much code as the others.
import { Problem } from "@attacklens/protocol/problems.ts";
import { COMMIT, RELEASE, SENSOR_PROTOCOL_VERSIONS } from "@attacklens/protocol/version.ts";
import { EXIT_CODES } from "./commands/command-error.ts";
import { ConfigError, dropWeakening } from "./config.ts";
import { explainDatabase } from "./db/explain.ts";
import { explainFile } from "./explain-system.ts";
import type { ConsoleBundle } from "./http/console-files.ts";

const USAGE = `Usage:
  attacklens serve [OPTION]...              runs the console and the API
  attacklens user list|invite|reset|...     manages users on the server host
  attacklens token create|list|show|...     manages enrollment tokens through the API of a server
  attacklens updates status|set|pin|...     manages update rings through the API of a server
  attacklens audit list|export|verify       reads and verifies the audit log on the server host
  attacklens status                         prints the state of a server, and what it still lacks
  attacklens ca show|rotate|retire ...      manages the private CA
  attacklens releases add|list|remove|...   manages the programs that this server offers to hosts
  attacklens package-files                  prints what the packages contain, for the build
  attacklens version [--json]               prints the version

attacklens COMMAND --help describes a command.

Exit codes: 0 success, 1 failure, 2 usage or configuration error.

Example:
  $ attacklens serve --data /var/lib/attacklens
`;

const USAGES: Record<string, () => Promise<string>> = {
  serve: async () => (await import("./commands/serve.ts")).SERVE_USAGE,
  user: async () => (await import("./commands/user.ts")).USER_USAGE,
  token: async () => (await import("./commands/token.ts")).TOKEN_USAGE,
  updates: async () => (await import("./commands/updates.ts")).UPDATES_USAGE,
  audit: async () => (await import("./commands/audit.ts")).AUDIT_USAGE,
  status: async () => (await import("./commands/status.ts")).STATUS_USAGE,
  ca: async () => (await import("./commands/ca.ts")).CA_USAGE,
  releases: async () => (await import("./commands/releases.ts")).RELEASES_USAGE,
};

type Command = (args: string[]) => number | Promise<number>;

/** Returns the command of that name; undefined: there is none. */
async function findCommand([name]: string[], bundle: ConsoleBundle): Promise<Command | undefined> {
  switch (name) {
    case "serve": {
      const { serve } = await import("./commands/serve.ts");
      return ([, ...rest]) => serve(rest, bundle);
    }
    case "serve-process": {
      const { serveProcess } = await import("./commands/serve-process.ts");
      return ([, ...rest]) => serveProcess(rest, bundle);
    }
    case "user":
      return tail((await import("./commands/user.ts")).userCommand);
    case "token":
      return tail((await import("./commands/token.ts")).tokenCommand);
    case "updates":
      return tail((await import("./commands/updates.ts")).updatesCommand);
    case "audit":
      return tail((await import("./commands/audit.ts")).auditCommand);
    case "status":
      return tail((await import("./commands/status.ts")).statusCommand);
    case "ca":
      return tail((await import("./commands/ca.ts")).caCommand);
    case "releases":
      return tail((await import("./commands/releases.ts")).releasesCommand);
    case "package-files":
      return (await import("./commands/package-files.ts")).packageFilesCommand;
    case "version":
    case "--version":
      return tail(printVersion);
  }
}

const tail =
  (command: Command): Command =>
  ([, ...rest]) =>
    command(rest);

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
      console.log((await USAGES[command ?? ""]?.()) ?? USAGE);
      return 0;
    }
    const run = await findCommand(args, bundle);
    if (run) return await run(args);
    throw new ConfigError(unknownCommand(command));
  } catch (error) {
    console.error(`attacklens: ${explain(error)}`);
    return error instanceof ConfigError ? 2 : 1;
  }
}

function unknownCommand(command: string | undefined): string {
  if (command === undefined) return "Missing command";
  return `There is no command ${JSON.stringify(command)}`;
}

function printVersion(args: string[]): number {
  const unknown = args.find((word) => word !== "--json");
  if (unknown !== undefined) throw new ConfigError(`Unknown option ${JSON.stringify(unknown)}`);
  console.log(args.length > 0 ? describeBuild() : `attacklens ${RELEASE}`);
  return 0;
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
