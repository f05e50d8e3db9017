// The settings of the server, one row each. `readConfig`, the help of `attacklens serve`, the log line
// `started`, and the table in docs/operate.md use these rows.
import { isIP } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { MAX_CHECK_IN_INTERVAL_SECONDS } from "@attacklens/protocol/enroll.ts";
import { z } from "zod";
import { parseNetwork } from "./networks.ts";

export interface Setting {
  /** Without dashes. Absent: only the variable sets it. */
  flag?: string;
  variable: string;
  /** The placeholder of the value in the help. */
  value: string;
  /** A phrase without a period. */
  help: string;
  /** Used without a flag and a variable. */
  default?: string;
  /** The behavior without a value, for the help. Absent: the help shows `default`. */
  absent?: string;
  /** How the log shows the value. Absent: unchanged. */
  shown?: "address" | "database" | "secret";
  schema: z.ZodType;
}

/** More would use the processors and the connections of PostgreSQL worse than a second host. */
const MAX_PROCESSES = 64;

const listen = z.string().transform((text, context) => {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] && port <= 65_535) return { hostname: match[1].replace(/^\[|\]$/g, ""), port };
  context.addIssue({ code: "custom", message: "must be ADDRESS:PORT, e.g. 127.0.0.1:8080 or [::1]:8080" });
  return z.NEVER;
});

/**
 * Returns the origin. The console and the API are at the root of a host, so a URL with a path is rejected.
 */
const publicUrl = z.url({ protocol: /^https?$/ }).transform((text, context) => {
  const url = new URL(text);
  if (url.href === `${url.origin}/`) return url.origin;
  context.addIssue({ code: "custom", message: `must be only scheme, host and port, e.g. ${url.origin}` });
  return z.NEVER;
});

const networks = z.string().transform((text, context) =>
  text.split(",").map((entry) => {
    const network = parseNetwork(entry.trim());
    if (network !== undefined) return network;
    context.addIssue({
      code: "custom",
      message: "must be networks such as 10.0.0.0/8,::1, separated by commas",
    });
    return z.NEVER;
  }),
);

const hostNames = z.string().transform((text, context) =>
  text.split(",").map((entry) => {
    const name = entry.trim().replace(/^\[|\]$/g, "");
    if (isIP(name) || /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name)) return name.toLowerCase();
    context.addIssue({ code: "custom", message: "must be host names or addresses, separated by commas" });
    return z.NEVER;
  }),
);

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "must begin with postgres://")
  .refine((text) => URL.canParse(text), "must be a URL such as postgres://user:password@host:5432/database")
  .transform(verifyCertificate);

/** pg warns that the meaning of these modes will change. Today they mean `verify-full`. */
function verifyCertificate(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const mode = url.searchParams.get("sslmode") ?? "";
  if (!["prefer", "require", "verify-ca"].includes(mode) || url.searchParams.has("uselibpqcompat"))
    return databaseUrl;
  url.searchParams.set("sslmode", "verify-full");
  return url.href;
}

export const SETTINGS = {
  dataDir: {
    flag: "data",
    variable: "ATTACKLENS_DATA",
    value: "DIR",
    help: "Folder for the SQLite database and the server's secret",
    default: join(homedir(), ".attacklens"),
    absent: "~/.attacklens",
    schema: z.string().min(1),
  },
  listen: {
    flag: "listen",
    variable: "ATTACKLENS_LISTEN",
    value: "ADDRESS:PORT",
    help: "Address and port of the console and the API",
    default: "127.0.0.1:8080",
    shown: "address",
    schema: listen,
  },
  publicUrl: {
    flag: "public-url",
    variable: "ATTACKLENS_PUBLIC_URL",
    value: "URL",
    help: "URL by which users reach the console, for example that of a proxy",
    absent: "the address of --listen",
    schema: publicUrl.optional(),
  },
  sensorListen: {
    flag: "sensor-listen",
    variable: "ATTACKLENS_SENSOR_LISTEN",
    value: "ADDRESS:PORT",
    help: "Separate address and port for sensors",
    absent: "sensors use --listen",
    shown: "address",
    schema: listen.optional(),
  },
  sensorUrl: {
    flag: "sensor-url",
    variable: "ATTACKLENS_SENSOR_URL",
    value: "URL",
    help: "URL by which sensors reach the server, if it differs from that for users",
    absent: "the address of --sensor-listen, or else --public-url",
    schema: publicUrl.optional(),
  },
  tlsCert: {
    flag: "tls-cert",
    variable: "ATTACKLENS_TLS_CERT",
    value: "FILE",
    help: "Certificate in PEM, followed by its intermediate certificates. Needs --tls-key",
    absent: "none",
    schema: z.string().optional(),
  },
  tlsKey: {
    flag: "tls-key",
    variable: "ATTACKLENS_TLS_KEY",
    value: "FILE",
    help: "Private key of the certificate in PEM",
    absent: "none",
    schema: z.string().optional(),
  },
  tls: {
    flag: "tls",
    variable: "ATTACKLENS_TLS",
    value: "private|off",
    help: "Without a certificate file: HTTPS with a certificate of the private CA, or plain HTTP",
    absent: "off on loopback addresses, otherwise private",
    schema: z.enum(["private", "off"]).optional(),
  },
  tlsNames: {
    flag: "tls-names",
    variable: "ATTACKLENS_TLS_NAMES",
    value: "NAMES",
    help: "Host names and addresses for the private certificate, separated by commas, in addition to this host's own and those in --public-url and --sensor-url",
    absent: "none",
    schema: hostNames.default([]),
  },
  trustedProxies: {
    flag: "trusted-proxies",
    variable: "ATTACKLENS_TRUSTED_PROXIES",
    value: "NETWORKS",
    help: "Proxies whose X-Forwarded-For header is trusted, separated by commas",
    absent: "the header is ignored",
    schema: networks.default([]),
  },
  databaseUrl: {
    variable: "DATABASE_URL",
    value: "URL",
    help: "PostgreSQL database",
    absent: "SQLite in the data folder",
    shown: "database",
    schema: postgresUrl.optional(),
  },
  databasePool: {
    variable: "ATTACKLENS_DATABASE_POOL",
    value: "N",
    help: "Connections of each process of a server to PostgreSQL, and one more for notifications. Or ?pool=N in DATABASE_URL",
    absent: "10",
    schema: z.coerce.number().int().min(1).max(1_000).optional(),
  },
  processes: {
    flag: "processes",
    variable: "ATTACKLENS_PROCESSES",
    value: "N",
    help: "Processes that share the ports, on Linux with PostgreSQL. Each opens connections to the database",
    default: "1",
    schema: z.coerce.number().int().min(1).max(MAX_PROCESSES),
  },
  listenUrl: {
    variable: "ATTACKLENS_LISTEN_URL",
    value: "URL",
    help: "PostgreSQL for notifications, if DATABASE_URL is the address of a pooler that drops them",
    absent: "DATABASE_URL",
    shown: "database",
    schema: postgresUrl.optional(),
  },
  secret: {
    variable: "ATTACKLENS_SECRET",
    value: "TEXT",
    help: "Secret for sessions, the private CA, and response signatures, at least 32 characters. Servers that share a database need the same one",
    absent: "created in the data folder",
    shown: "secret",
    schema: z.string().min(32, "must have at least 32 characters").optional(),
  },
  requireSecondFactor: {
    variable: "ATTACKLENS_REQUIRE_SECOND_FACTOR",
    value: "on|off",
    help: "Whether every user needs a second factor: an authenticator app or a passkey. Users without one add it after they sign in. API keys need none",
    default: "off",
    schema: z.enum(["on", "off"]),
  },
  metricsToken: {
    variable: "ATTACKLENS_METRICS_TOKEN",
    value: "TEXT",
    help: "Bearer token for /metrics, at least 16 characters",
    absent: "/metrics is closed",
    shown: "secret",
    schema: z.string().min(16, "must have at least 16 characters").optional(),
  },
  logLevel: {
    variable: "ATTACKLENS_LOG_LEVEL",
    value: "debug|info|warn|error",
    help: "Least severe level that is logged: debug, info, warn, or error",
    default: "info",
    schema: z.enum(["debug", "info", "warn", "error"]),
  },
  checkInIntervalSeconds: {
    variable: "ATTACKLENS_CHECK_IN_INTERVAL",
    value: "SECONDS",
    help: "Seconds between two check-ins of a sensor",
    default: "60",
    schema: z.coerce.number().int().min(1).max(MAX_CHECK_IN_INTERVAL_SECONDS),
  },
  keyMaxAgeDays: {
    variable: "ATTACKLENS_KEY_MAX_AGE_DAYS",
    value: "DAYS",
    help: "Age of its key, in days, at which a sensor replaces it",
    default: "30",
    schema: z.coerce.number().positive().max(3_650),
  },
  readyFile: {
    variable: "ATTACKLENS_READY_FILE",
    value: "FILE",
    help: "File with the process id that the server creates when it accepts requests, and deletes when it stops",
    absent: "none",
    schema: z.string().optional(),
  },
} as const satisfies Record<string, Setting>;

type Rows = typeof SETTINGS;
export type SettingName = keyof Rows;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

const shape = Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].schema])) as {
  [N in SettingName]: Rows[N]["schema"];
};
export const configSchema = z.object(shape);

/** Returns the help text for a setting without a value. */
export function absentText({ absent, default: value }: Setting): string {
  return absent ?? value ?? "none";
}
