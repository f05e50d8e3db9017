// Reads the configuration: flags first, then the environment, then defaults. The only reader of the
// environment.
import { parseArgs } from "node:util";
import { dropForeignVariables, type IgnoredVariables } from "@attacklens/protocol/ignored-variables.ts";
import { issueText } from "@attacklens/protocol/issue-text.ts";
import type { z } from "zod";
import { configSchema, SETTING_NAMES, SETTINGS, type Setting, type SettingName } from "./settings.ts";

export type Config = z.infer<typeof configSchema>;

/** An error in the configuration, for the operator who wrote it. */
export class ConfigError extends Error {}

const TEXT = { type: "string" } as const;
const FLAGS = Object.fromEntries(
  Object.values<Setting>(SETTINGS).flatMap(({ flag }) =>
    flag === undefined ? [] : ([[flag, TEXT]] as const),
  ),
);

/** Throws ConfigError. An empty variable counts as absent. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv = process.env): Config {
  const flags = parseFlags(args);
  const database = splitPool(env.DATABASE_URL || undefined);
  const given = Object.fromEntries(
    SETTING_NAMES.map((name) => {
      const { flag, variable, default: value }: Setting = SETTINGS[name];
      const ofFlag = flag === undefined ? undefined : flags[flag];
      return [name, ofFlag ?? (env[variable] || undefined) ?? value];
    }),
  );
  given.databaseUrl = database.url;
  given.databasePool ??= database.pool;
  const result = configSchema.safeParse(given, { error: issueText });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ConfigError(`${sourceOf(issue.path[0] as SettingName)}: ${issue.message}`);
  }
  requireConsistent(result.data);
  return result.data;
}

function requireConsistent(config: Config): void {
  const { tls, tlsCert, tlsKey, listen, sensorListen, processes, databaseUrl } = config;
  if (processes > 1 && databaseUrl === undefined)
    throw new ConfigError(
      "--processes: more than one needs PostgreSQL. An SQLite database has one writer\nhint: set DATABASE_URL",
    );
  if (processes > 1 && process.platform !== "linux")
    throw new ConfigError("--processes: only Linux shares a port among processes");
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new ConfigError("--tls-cert and --tls-key: give both or neither");
  if (tlsCert !== undefined && tls !== undefined)
    throw new ConfigError("--tls and --tls-cert: give only one of them");
  if (sensorListen && sensorListen.port !== 0 && Bun.deepEquals(listen, sensorListen))
    throw new ConfigError("--sensor-listen and --listen: give each a different port");
}

/** Returns the flag and the variable of the setting. */
function sourceOf(name: SettingName): string {
  const { flag, variable }: Setting = SETTINGS[name];
  if (name === "databasePool") return `${variable}, or pool in DATABASE_URL`;
  return flag === undefined ? variable : `--${flag} or ${variable}`;
}

/**
 * Returns whether a port uses TLS. Plain HTTP on a network exposes passwords and tokens, so it must be chosen
 * explicitly.
 */
export function tlsOf(
  { tls, tlsCert }: Pick<Config, "tls" | "tlsCert">,
  { hostname }: Config["listen"],
): "files" | "private" | "off" {
  if (tlsCert !== undefined) return "files";
  return tls ?? (/^(localhost|::1|127(\.\d{1,3}){3})$/.test(hostname) ? "off" : "private");
}

/** The environment for a process of the same server. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}

/** Removes variables that weaken this program, before anything else runs. Returns the notices to print. */
export function dropWeakening(): IgnoredVariables {
  return dropForeignVariables(process.env);
}

/** The environment of a command that calls a server. An empty variable counts as absent. */
export function readClientSettings(env: NodeJS.ProcessEnv = process.env): {
  url: string | undefined;
  apiKey: string | undefined;
} {
  return { url: env.ATTACKLENS_URL || undefined, apiKey: env.ATTACKLENS_API_KEY || undefined };
}

/** `pool` is a parameter of this server. PostgreSQL would reject it. */
function splitPool(databaseUrl: string | undefined): { url?: string; pool?: string } {
  if (databaseUrl === undefined) return {};
  if (!URL.canParse(databaseUrl)) return { url: databaseUrl };
  const url = new URL(databaseUrl);
  const pool = url.searchParams.get("pool");
  if (pool === null) return { url: databaseUrl };
  url.searchParams.delete("pool");
  return { url: url.href, pool };
}

function parseFlags(args: string[]): Record<string, string | undefined> {
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: false }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
