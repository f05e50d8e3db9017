// The server itself, for its operators: the console's page System and `attacklens status`.
import { z } from "zod";
import { caPin } from "./ca-pin.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

/** Possible gaps of an installation, the most important first. */
export const GAPS = [
  "no-tls",
  "certificate-ends",
  "no-public-url",
  "private-certificate",
  "one-super-admin",
  "no-release",
  "no-update-ring",
  "database-is-small",
] as const;
export type Gap = (typeof GAPS)[number];

const sha256 = z.string().meta({ example: "AB:CD:…", description: "SHA-256 in hexadecimal" });

export const systemStatus = z
  .object({
    version: z.string().meta({ example: "2026.11.0" }),
    commit: z.string().meta({ description: "The Git commit of the build, or unknown" }),
    runtime: z.string().meta({ example: "Bun 1.4.5, linux-x64" }),
    startedAt: instant,
    processes: z.int().meta({ description: "Processes of this server" }),
    database: z.object({
      kind: z.enum(["SQLite", "PostgreSQL"]),
      version: z.string(),
      sizeBytes: z.int(),
    }),
    sensors: z.object({
      online: z.int(),
      all: z.int().meta({ description: "Sensors that are listed" }),
    }),
    address: z.object({
      publicUrl: z.string().nullable().meta({ description: "For users; null: not configured" }),
      sensorUrl: z.string().nullable().meta({ description: "For sensors; null: the console's own address" }),
      caPin: caPin.nullable().meta({ description: "For `--ca-pin`; null: sensors need none" }),
    }),
    certificate: z
      .object({
        names: z.array(z.string()).meta({ description: "Host names and addresses that it is valid for" }),
        issuer: z.string(),
        startsAt: instant,
        expiresAt: instant,
        sha256,
        source: z.enum(["private-ca", "files"]).meta({
          description: "private-ca: renewed automatically; files: the operator replaces them",
        }),
      })
      .nullable()
      .meta({ description: "That sensors see; null: this server does not terminate TLS for them" }),
    jobs: z
      .array(
        z.object({
          name: z.string(),
          intervalSeconds: z.number(),
          lastRunAt: instant.nullable(),
          nextRunAt: instant.nullable(),
          lastError: z
            .object({ at: instant, message: z.string() })
            .nullable()
            .meta({ description: "Of the last run that failed" }),
          isFailing: z.boolean().meta({ description: "The last run failed" }),
        }),
      )
      .meta({ description: "Work on a timer, of the first process" }),
    health: z.array(z.object({ name: z.string(), ok: z.boolean(), text: z.string() })),
    lacks: z.array(
      z.object({
        gap: z.enum(GAPS),
        reason: z.string(),
        nextStep: z.string().meta({ description: "What the operator does about it" }),
      }),
    ),
  })
  .meta({ id: "SystemStatus" });
export type SystemStatus = z.infer<typeof systemStatus>;

export const getSystemStatus = route({
  name: "system.get",
  method: "GET",
  path: "/api/v1/system",
  access: "system:read",
  tag: "Installation",
  summary: "Get the state of the server, and what the installation still lacks",
  status: 200,
  output: systemStatus,
});

export const listLicenses = route({
  name: "system.licenses",
  method: "GET",
  path: "/api/v1/licenses",
  access: "signed-in",
  tag: "Installation",
  summary: "List the third-party software in the programs, with its licenses",
  status: 200,
  output: z.object({
    items: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        license: z.string().meta({ example: "MIT" }),
        text: z.string().meta({ description: "Empty: the package contains none" }),
      }),
    ),
  }),
});
