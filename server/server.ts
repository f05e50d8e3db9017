// The wiring: opens the parts of the server, connects them, listens, and closes them in reverse order.
import { COMMIT, RELEASE } from "@attacklens/protocol/version.ts";
import { onAuditEvents } from "./audit/audit.ts";
import { jobsOf, writeAllRefusals } from "./background.ts";
import { openConnection } from "./certificates/connection.ts";
import { followTls, openServerTls, type ServerTls, type TlsState } from "./certificates/server-tls.ts";
import type { Config } from "./config.ts";
import { listenForChanges } from "./db/listen.ts";
import { openDatabase } from "./db/open.ts";
import { openReads } from "./db/reads.ts";
import { lockDataDir } from "./db/serve-lock.ts";
import { openThread } from "./db/thread.ts";
import { removeLeftOvers } from "./db/upgrade-copy.ts";
import { createApp } from "./http/app.ts";
import { openCertificateSwap } from "./http/certificate-swap.ts";
import { type ConsoleBundle, openConsoleFiles } from "./http/console-files.ts";
import { openMetrics } from "./http/metrics.ts";
import type { SortedItems } from "./inventory/sorted-items.ts";
import { type Job, startJobs } from "./jobs.ts";
import { flushLog, openLog, openLogOutput } from "./log.ts";
import { openPorts, portsOf, tlsSource, urlOf } from "./ports.ts";
import { openMembership, type Role } from "./processes/membership.ts";
import { openProgramPages } from "./program-pages.ts";
import { openServices } from "./services.ts";
import { readSecret } from "./session-secret.ts";
import { shownConfig } from "./shown-config.ts";
import { issueSetupCode } from "./users/set-up.ts";

export interface RunningServer extends AsyncDisposable {
  url: string;
  /** Present if sensors have a separate port. */
  sensorUrl: string | undefined;
  /** Reads the certificate files again, or follows the private CA. Logs a failure, which changes nothing. */
  reloadCertificates(): Promise<void>;
  /** Present until set-up is complete: the link that creates the first Super Admin. */
  setupLink: string | undefined;
}

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
  if (!config.databaseUrl) starting.use(lockDataDir(config.dataDir, ownUrl));
  const db = await openDatabase(
    { ...config, maxConnections: config.databasePool },
    {
      onConnectionError: (error) => log.warn({ err: error }, "database connection lost"),
      onUpgrade: (upgrade) => log.info(upgrade, "upgrading the database"),
      onSlowSearch: (reason) =>
        log.warn(
          { reason, hint: "as a superuser: CREATE EXTENSION pg_trgm, then restart the server" },
          "searches read all names: PostgreSQL has no index for them",
        ),
    },
  );
  starting.defer(() => db.destroy());
  const secret = await readSecret(db, config);
  const isTls = users.tls !== "off" || sensors.tls !== "off";
  const source = tlsSource(config);
  const followed = isFirst || !role.beginning.tls ? undefined : followTls(role.beginning.tls);
  const tls = followed ?? (isTls ? await openServerTls({ db, now, secret, log, ...source }) : undefined);
  onAuditEvents(db, ({ action, actor, entity }) =>
    log.info({ actor: { type: actor.type, id: actor.id }, entity }, action),
  );
  const { db: reads } = starting.use(openReads(db, config));
  const { db: longReads } = starting.use(openReads(db, config));
  const { dataDir, databaseUrl, publicUrl = ownUrl, sensorUrl } = config;
  const items = starting.use(
    openThread<object, Parameters<SortedItems>[0], Awaited<ReturnType<SortedItems>>>(
      "server/inventory/items-worker.ts",
      { dataDir, databaseUrl },
    ),
  );
  const listening = databaseUrl ? listenForChanges(db, config.listenUrl ?? databaseUrl, log) : undefined;
  const secure = publicUrl.startsWith("https:") || users.tls !== "off";
  let running: ReturnType<typeof startJobs> | undefined;
  const services = openServices({
    ...{ dataDir, db, reads, longReads, now, sessionNow: now, log, secret, publicUrl, secure },
    sortedItems: (question) => items.ask(question),
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
  const certificates = openCertificateSwap({ listeners: ports.tlsListeners, sharers: members.sharers });
  const changeCertificates = async (work: (tls: ServerTls) => Promise<boolean>): Promise<void> => {
    try {
      if (tls && (await work(tls))) await certificates.swap(stateOf(tls));
    } catch (error) {
      log.error({ err: error }, "the certificate was not changed: the previous certificate stays in use");
    }
  };
  const renewal = {
    name: "renew the certificate",
    intervalMs: 60_000,
    work: () => changeCertificates((latest) => latest.renew()),
  };
  const releasePages = openProgramPages();
  // Between the jobs of each minute, which need some of them.
  const release: Job = {
    ...{ name: "release memory of the program", intervalMs: 20_000, isOfProcess: true },
    work: async () => releasePages(),
  };
  const jobs = [...jobsOf(services), renewal, release].filter((job: Job) => isFirst || job.isOfProcess);
  running = startJobs(jobs, log);
  const code = isFirst ? await issueSetupCode(db) : undefined;
  if (!config.databaseUrl) removeLeftOvers(config.dataDir);
  const started = { version: RELEASE, commit: COMMIT, pid: process.pid, urls: ports.urls };
  log.info({ ...started, ...(isFirst ? { config: shownConfig(config) } : {}) }, "started");
  await members.join({
    log,
    readMetrics: readOwnMetrics,
    jobs: () => running?.runs() ?? [],
    beginning: () => ({ ports: ports.numbers, tls: tls && stateOf(tls) }),
    addCertificate(latest) {
      followed?.follow(latest);
      for (const listener of ports.tlsListeners) listener.add(latest.certificate);
    },
    dropEarlier() {
      for (const listener of ports.tlsListeners) listener.dropEarlier();
    },
  });
  const opened = starting.move();
  releasePages();
  return {
    url: ports.url,
    sensorUrl: sensors === users ? undefined : ports.sensorUrl,
    reloadCertificates: () => changeCertificates((latest) => latest.reload()),
    // The part after # is sent to no server and appears in no log.
    setupLink: code === undefined ? undefined : `${config.publicUrl ?? ports.url}/setup#code=${code}`,
    async [Symbol.asyncDispose]() {
      log.info("stopping: open requests are completed first");
      running?.stop();
      services.changes.close();
      await Promise.all([members.leave(), ports.stop()]);
      await writeAllRefusals(services.refusals, log);
      await services.signIn.flushFailures({ isLast: true }).catch((error: unknown) => {
        log.warn({ err: error }, "failed sign-ins not written to the audit log");
      });
      await listening?.[Symbol.asyncDispose]();
      await opened.disposeAsync();
      log.info("stopped");
      await flushLog(log);
    },
  };
}

function stateOf(tls: ServerTls): TlsState {
  return { certificate: tls.certificate(), roots: tls.roots() };
}
