// The state of the server, for its operators.
import type { SystemStatus } from "@attacklens/protocol/system-status.ts";
import { COMMIT, RELEASE, TARGET } from "@attacklens/protocol/version.ts";
import type { Connection } from "../certificates/connection.ts";
import { describeCertificate } from "../certificates/describe-certificate.ts";
import { readDatabaseFacts } from "../db/database-facts.ts";
import type { Database } from "../db/schema.ts";
import type { Health } from "../health.ts";
import { toInstant } from "../ids.ts";
import type { JobRuns } from "../jobs.ts";
import type { Releases } from "../releases/offered-releases.ts";
import { onlineSince } from "../sensors/record/sensor-status.ts";
import { countSensors } from "../sensors/sensor-counts.ts";
import type { Plans } from "../updates/plan.ts";
import { lacksOf } from "./lacks.ts";
import type { ServerFacts } from "./server-facts.ts";
import { countActiveUsers } from "./system-store.ts";

export interface SystemView {
  now: number;
  checkInIntervalSeconds: number;
  server: ServerFacts;
  connection: Connection;
  health: Health;
  releases: Releases;
  plans: Plans;
}

export async function getSystemStatus(db: Database, view: SystemView): Promise<SystemStatus> {
  const { now, checkInIntervalSeconds, server, connection, releases, plans } = view;
  const { mostSensors, ...database } = await readDatabaseFacts(db);
  const counts = await countSensors(db, onlineSince(now, checkInIntervalSeconds));
  const chain = connection.certificate()?.chain;
  const certificate = chain === undefined ? undefined : describeCertificate(chain);
  const isPrivate = connection.roots() !== undefined;
  const jobs = await server.readJobs();
  return {
    version: RELEASE,
    commit: COMMIT,
    runtime: `Bun ${Bun.version}, ${TARGET === "unbuilt-sources" ? "sources" : TARGET}`,
    startedAt: toInstant(server.startedAt),
    processes: server.processes,
    database,
    sensors: {
      online: counts.byStatus.find(({ status }) => status === "online")?.sensors ?? 0,
      all: counts.sensors,
    },
    address: {
      publicUrl: server.publicUrl ?? null,
      sensorUrl: connection.sensorUrl(),
      caPin: connection.roots()?.pin ?? null,
    },
    certificate: certificate
      ? {
          ...certificate,
          startsAt: toInstant(certificate.startsAt),
          expiresAt: toInstant(certificate.expiresAt),
          source: isPrivate ? "private-ca" : "files",
        }
      : null,
    jobs: jobs.map(presentJob),
    health: [
      await databaseHealth(view.health),
      ...(certificate ? [certificateHealth(certificate.expiresAt, now)] : []),
      jobsHealth(jobs),
    ],
    lacks: lacksOf({
      ...{ now, secure: server.secure, publicUrl: server.publicUrl },
      certificate: certificate && { expiresAt: certificate.expiresAt, isPrivate },
      superAdmins: await countActiveUsers(db, "super-admin"),
      releases: (await releases.list()).length,
      rings: (await plans.current()).rings.length,
      mostSensors,
      sensors: counts.sensors,
    }),
  };
}

function presentJob({ name, intervalMs, lastAt, nextAt, lastError, isFailing }: JobRuns) {
  return {
    name,
    intervalSeconds: intervalMs / 1000,
    lastRunAt: toInstant(lastAt),
    nextRunAt: toInstant(nextAt),
    lastError: lastError && { at: toInstant(lastError.at), message: lastError.message },
    isFailing,
  };
}

type Check = SystemStatus["health"][number];

async function databaseHealth(health: Health): Promise<Check> {
  const name = "Database";
  try {
    await health.requireWritable();
    return { name, ok: true, text: "Accepts writes" };
  } catch (error) {
    return { name, ok: false, text: (error as Error).message };
  }
}

function certificateHealth(expiresAt: number, now: number): Check {
  const name = "Certificate";
  return expiresAt > now
    ? { name, ok: true, text: "Valid" }
    : { name, ok: false, text: "Expired: sensors and browsers reject the server" };
}

function jobsHealth(jobs: readonly JobRuns[]): Check {
  const failing = jobs.filter(({ isFailing }) => isFailing);
  const name = "Background jobs";
  return failing.length === 0
    ? { name, ok: true, text: "The last runs succeeded" }
    : { name, ok: false, text: `The last run failed: ${failing.map((job) => job.name).join(", ")}` };
}
