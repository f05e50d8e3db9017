// What the operator chose: flags first, then the environment, then defaults. The only reader of the environment.
import { isIP } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MAX_CHECK_IN_INTERVAL_SECONDS } from "@attacklens/protocol/enroll.ts";
import { dropForeignVariables, type IgnoredVariables } from "@attacklens/protocol/ignored-variables.ts";
import { issueText } from "@attacklens/protocol/issue-text.ts";
import { z } from "zod";
import { parseNetwork } from "./networks.ts";

export const SERVE_FLAGS = {
  data: { type: "string" },
  listen: { type: "string" },
  "public-url": { type: "string" },
  "sensor-listen": { type: "string" },
  "sensor-url": { type: "string" },
  tls: { type: "string" },
  "tls-names": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "trusted-proxies": { type: "string" },
} as const;

const listen = z.string().transform((text, context) => {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] && port <= 65_535) return { hostname: match[1].replace(/^\[|\]$/g, ""), port };
  context.addIssue({ code: "custom", message: "must be ADDRESS:PORT, e.g. 127.0.0.1:8080 or [::1]:8080" });
  return z.NEVER;
});

/** Answers the origin. The console and the API are at the root of a host: a path would be in the links that we print, and lead nowhere. */
const publicUrl = z.url({ protocol: /^https?$/ }).transform((text, context) => {
  const url = new URL(text);
  if (url.href === `${url.origin}/`) return url.origin;
  context.addIssue({
    code: "custom",
    message: `must be only scheme, host and port, e.g. ${url.origin}`,
  });
  return z.NEVER;
});

const networks = z.string().transform((text, context) =>
  text.split(",").map((entry) => {
    const network = parseNetwork(entry.trim());
    if (network !== undefined) return network;
    context.addIssue({ code: "custom", message: "must be networks such as 10.0.0.0/8,::1, between commas" });
    return z.NEVER;
  }),
);

const hostNames = z.string().transform((text, context) =>
  text.split(",").map((entry) => {
    const name = entry.trim().replace(/^\[|\]$/g, "");
    if (isIP(name) || /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name)) return name.toLowerCase();
    context.addIssue({ code: "custom", message: "must be host names or addresses between commas" });
    return z.NEVER;
  }),
);

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "must begin with postgres://")
  .refine((text) => URL.canParse(text), "must be a URL such as postgres://user:password@host:5432/database")
  .transform(verifyCertificate);

const settings = z.object({
  /** Folder for the embedded database and the key that signs sessions. */
  dataDir: z.string().min(1),
  databaseUrl: postgresUrl.optional(),
  /** Connections to PostgreSQL of this process; absent: 10. */
  databasePool: z.coerce.number().int().min(1).max(1_000).optional(),
  /** PostgreSQL for notifications, where DATABASE_URL leads through a pooler that drops them; absent: DATABASE_URL. */
  listenUrl: postgresUrl.optional(),
  listen,
  /** How people reach the console when a proxy stands before it. */
  publicUrl: publicUrl.optional(),
  /** Proxies whose X-Forwarded-For is believed; nobody's when empty. */
  trustedProxies: networks.default([]),
  /** A port for sensors alone; absent: they share the other one. */
  sensorListen: listen.optional(),
  /** How sensors reach the server, where that is not how people do. */
  sensorUrl: publicUrl.optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  /** Without files: the private CA's certificate, or plain HTTP; absent: as `tlsOf` says. */
  tls: z.enum(["private", "off"]).optional(),
  /** Names and addresses for the private certificate, beside those that are known. */
  tlsNames: hostNames.default([]),
  secret: z.string().min(32, "must have at least 32 characters").optional(),
  /** Bearer for /metrics; nobody reads them without it. */
  metricsToken: z.string().min(16, "must have at least 16 characters").optional(),
  logLevel: z.enum(["debug", "info", "warn", "error"]),
  checkInIntervalSeconds: z.coerce.number().int().min(1).max(MAX_CHECK_IN_INTERVAL_SECONDS),
  /** Age at which a sensor makes a new key. */
  keyMaxAgeDays: z.coerce.number().positive().max(3_650),
});

export type Config = z.infer<typeof settings>;

/** What is wrong with the configuration, for the person who wrote it. */
export class ConfigError extends Error {}

const SOURCES: Record<keyof Config, string> = {
  dataDir: "--data or ATTACKLENS_DATA",
  databaseUrl: "DATABASE_URL",
  databasePool: "ATTACKLENS_DATABASE_POOL, or pool in DATABASE_URL",
  listenUrl: "ATTACKLENS_LISTEN_URL",
  listen: "--listen or ATTACKLENS_LISTEN",
  publicUrl: "--public-url or ATTACKLENS_PUBLIC_URL",
  trustedProxies: "--trusted-proxies or ATTACKLENS_TRUSTED_PROXIES",
  sensorListen: "--sensor-listen or ATTACKLENS_SENSOR_LISTEN",
  sensorUrl: "--sensor-url or ATTACKLENS_SENSOR_URL",
  tls: "--tls or ATTACKLENS_TLS",
  tlsNames: "--tls-names or ATTACKLENS_TLS_NAMES",
  tlsCert: "--tls-cert or ATTACKLENS_TLS_CERT",
  tlsKey: "--tls-key or ATTACKLENS_TLS_KEY",
  secret: "ATTACKLENS_SECRET",
  metricsToken: "ATTACKLENS_METRICS_TOKEN",
  logLevel: "ATTACKLENS_LOG_LEVEL",
  checkInIntervalSeconds: "ATTACKLENS_CHECK_IN_INTERVAL",
  keyMaxAgeDays: "ATTACKLENS_KEY_MAX_AGE_DAYS",
};

/** Throws ConfigError. An empty variable counts as absent. */
export function readConfig(args: string[], env: NodeJS.ProcessEnv = process.env): Config {
  const flags = parseFlags(args);
  const variable = (name: string) => env[name] || undefined;
  const database = splitPool(variable("DATABASE_URL"));
  const given = {
    dataDir: flags.data ?? variable("ATTACKLENS_DATA") ?? join(homedir(), ".attacklens"),
    databaseUrl: database.url,
    databasePool: variable("ATTACKLENS_DATABASE_POOL") ?? database.pool,
    listenUrl: variable("ATTACKLENS_LISTEN_URL"),
    listen: flags.listen ?? variable("ATTACKLENS_LISTEN") ?? "127.0.0.1:8080",
    publicUrl: flags["public-url"] ?? variable("ATTACKLENS_PUBLIC_URL"),
    trustedProxies: flags["trusted-proxies"] ?? variable("ATTACKLENS_TRUSTED_PROXIES"),
    sensorListen: flags["sensor-listen"] ?? variable("ATTACKLENS_SENSOR_LISTEN"),
    sensorUrl: flags["sensor-url"] ?? variable("ATTACKLENS_SENSOR_URL"),
    tls: flags.tls ?? variable("ATTACKLENS_TLS"),
    tlsNames: flags["tls-names"] ?? variable("ATTACKLENS_TLS_NAMES"),
    tlsCert: flags["tls-cert"] ?? variable("ATTACKLENS_TLS_CERT"),
    tlsKey: flags["tls-key"] ?? variable("ATTACKLENS_TLS_KEY"),
    secret: variable("ATTACKLENS_SECRET"),
    metricsToken: variable("ATTACKLENS_METRICS_TOKEN"),
    logLevel: variable("ATTACKLENS_LOG_LEVEL") ?? "info",
    checkInIntervalSeconds: variable("ATTACKLENS_CHECK_IN_INTERVAL") ?? 60,
    keyMaxAgeDays: variable("ATTACKLENS_KEY_MAX_AGE_DAYS") ?? 30,
  };
  const result = settings.safeParse(given, { error: issueText });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ConfigError(`${SOURCES[issue.path[0] as keyof Config]}: ${issue.message}`);
  }
  if ((result.data.tlsCert === undefined) !== (result.data.tlsKey === undefined)) {
    throw new ConfigError("--tls-cert and --tls-key: one is given without the other");
  }
  if (result.data.tlsCert !== undefined && result.data.tls !== undefined) {
    throw new ConfigError("--tls and --tls-cert: give one of them");
  }
  const { listen, sensorListen } = result.data;
  if (sensorListen && sensorListen.port !== 0 && Bun.deepEquals(listen, sensorListen)) {
    throw new ConfigError("--sensor-listen and --listen: give each a different port");
  }
  return result.data;
}

/** What a port speaks: never plain HTTP to a network unless that was asked for, since passwords and tokens would be in it. */
export function tlsOf(
  { tls, tlsCert }: Pick<Config, "tls" | "tlsCert">,
  { hostname }: Config["listen"],
): "files" | "private" | "off" {
  if (tlsCert !== undefined) return "files";
  return tls ?? (/^(localhost|::1|127(\.\d{1,3}){3})$/.test(hostname) ? "off" : "private");
}

/** Before anything else: what would have weakened this program is gone then. Returns what to say about it. */
export function dropWeakening(): IgnoredVariables {
  return dropForeignVariables(process.env);
}

/** What a command that calls a server finds in the environment. An empty variable counts as absent. */
export function readClientSettings(env: NodeJS.ProcessEnv = process.env): {
  url: string | undefined;
  apiKey: string | undefined;
} {
  return { url: env.ATTACKLENS_URL || undefined, apiKey: env.ATTACKLENS_API_KEY || undefined };
}

/** Today pg takes these modes for `verify-full` and warns that it will not; here they stay what they are. */
function verifyCertificate(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const mode = url.searchParams.get("sslmode") ?? "";
  if (!["prefer", "require", "verify-ca"].includes(mode) || url.searchParams.has("uselibpqcompat"))
    return databaseUrl;
  url.searchParams.set("sslmode", "verify-full");
  return url.href;
}

/** `pool` is ours: PostgreSQL would refuse it. */
function splitPool(databaseUrl: string | undefined): { url?: string; pool?: string } {
  if (databaseUrl === undefined) return {};
  if (!URL.canParse(databaseUrl)) return { url: databaseUrl };
  const url = new URL(databaseUrl);
  const pool = url.searchParams.get("pool");
  if (pool === null) return { url: databaseUrl };
  url.searchParams.delete("pool");
  return { url: url.href, pool };
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({ args, options: SERVE_FLAGS, allowPositionals: false }).values;
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
