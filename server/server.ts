// The wiring: opens the parts of the server, connects them, listens, and closes them in reverse order.
import { COMMIT, RELEASE } from "@attacklens/protocol/version.ts";
import { onAuditEvents } from "./audit/audit.ts";
import { jobsOf, writeAllPending } from "./background.ts";
import { openCertificateChanges, stateOf } from "./certificate-changes.ts";
import { openConnection } from "./certificates/connection.ts";
import { followTls, openServerTls } from "./certificates/server-tls.ts";
import type { Config } from "./config.ts";
import { removeLeftOvers } from "./db/upgrade-copy.ts";
import { createApp } from "./http/app.ts";
import { type ConsoleBundle, openConsoleFiles } from "./http/console-files.ts";
import { openMetrics } from "./http/metrics.ts";
import { type Job, startJobs } from "./jobs.ts";
import { flushLog, openLog, openLogOutput } from "./log.ts";
import { openPorts, portsOf, tlsSource, urlOf } from "./ports.ts";
import { openMembership, type Role } from "./processes/membership.ts";
import { openProgramPages } from "./program-pages.ts";
import type { RunningServer } from "./running-server.ts";
import { openServices } from "./services.ts";
import { readSecret } from "./session-secret.ts";
import { shownConfig } from "./shown-config.ts";
import { openStorage } from "./storage.ts";
import { issueSetupCode } from "./users/set-up.ts";

/** A process that is not the first of its server has the configuration of the first, with its ports. */
export async function startServer(
  config: Config,
  bundle: ConsoleBundle,
  role: Role = { type: "first", command: [], count: 1 },
): Promise<RunningServer> {
  const now = Date.now;
  const isFirst = role.type === "first";
  const members = openMembership(role, now);
  const logOutput = openLogOutput();
  const log = openLog(config.logLevel, logOutput, members.number);
  const { users, sensors } = portsOf(config);
  const ownUrl = urlOf(users, users.port);
  await using starting = new AsyncDisposableStack();
  const storage = starting.use(await openStorage(config, ownUrl, log));
  const { db } = storage;
  const secret = await readSecret(db, config);
  const isTls = users.tls !== "off" || sensors.tls !== "off";
  const source = tlsSource(config);
  const followed = isFirst || !role.beginning.tls ? undefined : followTls(role.beginning.tls);
  const tls = followed ?? (isTls ? await openServerTls({ db, now, secret, log, ...source }) : undefined);
  onAuditEvents(db, ({ action, actor, entity }) =>
    log.info({ actor: { type: actor.type, id: actor.id }, entity }, action),
  );
  const { publicUrl = ownUrl, sensorUrl } = config;
  const secure = publicUrl.startsWith("https:") || users.tls !== "off";
  let running: ReturnType<typeof startJobs> | undefined;
  const services = openServices({
    ...{ ...storage, dataDir: config.dataDir, now, sessionNow: now, log, secret, publicUrl, secure },
    checkInIntervalSeconds: config.checkInIntervalSeconds,
    keyMaxAgeMs: config.keyMaxAgeDays * 86_400_000,
    requiresSecondFactor: config.requireSecondFactor === "on",
    connection: openConnection({
      publicUrl: config.publicUrl,
      sensorUrl,
      ownUrl: sensors === users ? undefined : () => ports.sensorUrl,
      tls: sensors.tls === "off" ? undefined : tls,
    }),
    ownNames: {
      urls: [config.publicUrl, sensorUrl].filter((url) => url !== undefined),
      hosts: source.names,
      ports: () => ports.numbers,
    },
    attempts: members.attempts,
    processes: config.processes,
    system: {
      startedAt: now(),
      processes: config.processes,
      publicUrl: config.publicUrl,
      readJobs: () => members.readJobs(() => running?.runs() ?? []),
    },
  });
  const metrics = openMetrics({
    droppedLogLines: logOutput.droppedLines,
    measuresProcess: config.metricsToken !== undefined,
    process: members.number,
  });
  const readOwnMetrics = () => metrics.registry.metrics();
  const consoleFile = await openConsoleFiles(bundle);
  const app = createApp({
    ...{ services, metrics, metricsToken: config.metricsToken, secure, consoleFile },
    readMetrics: () => members.readMetrics(readOwnMetrics),
  });
  const { trustedProxies } = config;
  const sharing = members.number === undefined ? undefined : isFirst ? "first" : "joined";
  const ports = await openPorts({ users, sensors }, { tls, trustedProxies, sharing, answer: app.fetch });
  const swapped = { listeners: ports.tlsListeners, sharers: members.sharers };
  const certificates = openCertificateChanges(tls, { ...swapped, followed, log });
  const pages = openProgramPages();
  const allJobs: Job[] = [...jobsOf(services), certificates.renewal, pages.job];
  const jobs = allJobs.filter(({ isOfProcess }) => isFirst || isOfProcess);
  running = startJobs(jobs, log);
  if (!config.databaseUrl) removeLeftOvers(config.dataDir);
  const started = { version: RELEASE, commit: COMMIT, pid: process.pid, urls: ports.urls };
  log.info({ ...started, ...(isFirst ? { config: shownConfig(config) } : {}) }, "started");
  const code = isFirst ? await issueSetupCode(services, now()) : undefined;
  await members.join({
    log,
    readMetrics: readOwnMetrics,
    jobs: () => running?.runs() ?? [],
    beginning: () => ({ ports: ports.numbers, tls: tls && stateOf(tls) }),
    ...certificates.asked,
  });
  const opened = starting.move();
  pages.release();
  return {
    url: ports.url,
    sensorUrl: sensors === users ? undefined : ports.sensorUrl,
    reloadCertificates: certificates.reload,
    // The part after # is sent to no server and appears in no log.
    setupLink: code === undefined ? undefined : `${config.publicUrl ?? ports.url}/setup#code=${code}`,
    async [Symbol.asyncDispose]() {
      log.info("stopping: open requests are completed first");
      running?.stop();
      services.changes.close();
      await Promise.all([members.leave(), ports.stop()]);
      await writeAllPending(services, log);
      await opened.disposeAsync();
      log.info("stopped");
      await flushLog(log);
    },
  };
}
