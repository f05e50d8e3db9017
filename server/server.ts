// The wiring: opens the parts, ties them into one object, listens, and closes them in reverse.
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { COMMIT, RELEASE } from "@attacklens/protocol/version.ts";
import type { Server } from "bun";
import type { Logger } from "pino";
import { emptyDeletedGroups } from "./assets/assets.ts";
import { onAuditEvents } from "./audit/audit.ts";
import { openServerTls, type ServerTls, type TlsSource } from "./certificates/server-tls.ts";
import { pinOf } from "./certificates/x509.ts";
import { openChangeStreams } from "./changes/changes.ts";
import { type Config, tlsOf } from "./config.ts";
import { hasSecretCheck, requireSameSecret } from "./db/installation.ts";
import { listenForChanges } from "./db/listen.ts";
import { openDatabase } from "./db/open.ts";
import { openReads } from "./db/reads.ts";
import type { Database } from "./db/schema.ts";
import { lockDataDir } from "./db/serve-lock.ts";
import { openThread, type Thread } from "./db/thread.ts";
import { removeLeftOvers } from "./db/upgrade-copy.ts";
import { checkBatch } from "./enrollment/check-token.ts";
import { enrollBatch } from "./enrollment/enroll-batch.ts";
import { openTokenQueue, TOKEN_QUEUE_LIMITS } from "./enrollment/enrollment-queue.ts";
import { openKnownValues } from "./enrollment/known-tokens.ts";
import { openRefusalLedger } from "./enrollment-tokens/refusal-ledger.ts";
import { openHealth } from "./health.ts";
import { createApp } from "./http/app.ts";
import { type ConsoleBundle, openConsoleFiles } from "./http/console-files.ts";
import { type Listener, openListener, requireHost } from "./http/listener.ts";
import { openMetrics } from "./http/metrics.ts";
import { sweepIdempotencyKeys } from "./idempotency.ts";
import { flushLog, openLog, openLogOutput } from "./log.ts";
import { clientAddressOf } from "./networks.ts";
import type { Connection, RefusalLedger, SortedItems } from "./route-handler.ts";
import { removeEndedSensors } from "./sensors/ephemeral-sensors.ts";
import { authenticateSensor } from "./sensors/identity/authenticate-sensor.ts";
import { openOwnAuthorities } from "./sensors/identity/own-authorities.ts";
import { openResponseSigner } from "./sensors/identity/response-signature.ts";
import { mergeByRule } from "./sensors/matches/matches.ts";
import { openPresence } from "./sensors/record/presence-store.ts";
import { openSensorBudget } from "./sensors/sensor-budget.ts";
import { createSessionSecret, readSessionSecret } from "./session-secret.ts";
import { shownConfig } from "./shown-config.ts";
import { issueSetupCode, openSetupAttempts } from "./users/set-up.ts";
import { openSignIn } from "./users/sign-in.ts";

/** How often the server looks whether its certificate is near its end, or the CA was rotated. */
const RENEWAL_INTERVAL_MS = 60_000;
/** Names in a private certificate at the most. */
const MAX_NAMES = 100;
/** How often sensors are looked at whose time offline may be over, or that go on with another's history. */
const SWEEP_INTERVAL_MS = 60_000;
/** How often a part of the refused enrollments is written that came too fast to be written at once. */
const FLUSH_INTERVAL_MS = 5_000;

export interface RunningServer extends AsyncDisposable {
  url: string;
  /** Where sensors are answered, when they have a port of their own. */
  sensorUrl: string | undefined;
  /** Reads the certificate files again, or follows the private CA; a failure is logged and changes nothing. */
  reloadCertificates(): Promise<void>;
  /** Present while set-up is not over: the link that makes the first Super Admin. */
  setupLink: string | undefined;
}

export async function startServer(config: Config, bundle: ConsoleBundle): Promise<RunningServer> {
  const now = Date.now;
  const logOutput = openLogOutput();
  const log = openLog(config.logLevel, logOutput);
  const ports = portsOf(config);
  await using starting = new AsyncDisposableStack();
  if (!config.databaseUrl) starting.use(lockDataDir(config.dataDir, urlOf(ports[0]!, ports[0]!.port)));
  const db = await openDatabase(
    { ...config, maxConnections: config.databasePool },
    {
      onConnectionError: (error) => log.warn({ err: error }, "database connection lost"),
      onUpgrade: (upgrade) => log.info(upgrade, "upgrading the database"),
    },
  );
  starting.defer(() => db.destroy());
  const secret = await readSecret(db, config);
  const isTls = ports.some(({ tls }) => tls !== "off");
  const tls = isTls ? await openServerTls({ db, now, secret, log, ...tlsSource(config) }) : undefined;
  const publicUrl = config.publicUrl ?? urlOf(ports[0]!, ports[0]!.port);
  onAuditEvents(db, ({ action, actor, entity }) =>
    log.info({ actor: { type: actor.type, id: actor.id }, entity }, action),
  );
  const health = openHealth(db, { now, log });
  const secure = publicUrl.startsWith("https:") || ports[0]!.tls !== "off";
  const presence = openPresence(db, health);
  const reads = starting.use(openReads(db, config));
  const items: Thread<Parameters<SortedItems>[0], Awaited<ReturnType<SortedItems>>> = starting.use(
    openThread("server/inventory/items-worker.ts", {
      dataDir: config.dataDir,
      databaseUrl: config.databaseUrl,
    }),
  );
  const refusals = openRefusalLedger(db, now);
  const changes = openChangeStreams(db);
  const listening = config.databaseUrl
    ? listenForChanges(db, config.listenUrl ?? config.databaseUrl, {
        onDeaf: (reason) =>
          log.warn(
            { err: reason },
            "database notifications do not arrive, and changes are polled: set ATTACKLENS_LISTEN_URL to PostgreSQL without a pooler",
          ),
        onHearing: () => log.info("database notifications arrive again"),
      })
    : undefined;
  const signIn = openSignIn(db, { secret, publicUrl, secure, now });
  const sensorBudget = openSensorBudget(now);
  const authorities = openOwnAuthorities({
    urls: [config.publicUrl, config.sensorUrl].filter((url) => url !== undefined),
    hosts: tlsSource(config).names,
    ports: () => listeners.map(({ port }) => port),
  });
  const app = createApp({
    services: {
      db,
      reads: reads.db,
      sortedItems: (question) => items.ask(question),
      now,
      log,
      checkInIntervalSeconds: config.checkInIntervalSeconds,
      health,
      keyMaxAgeMs: config.keyMaxAgeDays * 86_400_000,
      answers: openResponseSigner(secret),
      connection: connectionOf(config, ports.at(-1)!, tls, () => listeners.at(-1)!.port),
      signIn,
      setupAttempts: openSetupAttempts(now),
      sensorBudget,
      authorities,
      knownValues: openKnownValues(db, now),
      enrollQueue: openTokenQueue(now, (batch) => enrollBatch(db, batch, config.checkInIntervalSeconds)),
      checkQueue: openTokenQueue(now, (batch) => checkBatch(db, batch), {
        ...TOKEN_QUEUE_LIMITS,
        running: 1,
      }),
      refusals,
      changes,
    },
    metrics: openMetrics(logOutput.droppedLines),
    metricsToken: config.metricsToken,
    secure,
    authenticateSensor: (route, http, bytes) =>
      authenticateSensor(
        { db, presence, sensorBudget, authorities, checkInIntervalSeconds: config.checkInIntervalSeconds },
        now(),
        route,
        http,
        bytes,
      ),
    consoleFile: await openConsoleFiles(bundle),
  });
  for (const { hostname } of ports) await requireHost(hostname);
  const listeners: Listener[] = ports.map(({ hostname, port, tls: mode, serves }) =>
    openListener({
      hostname,
      port,
      certificate: mode === "off" ? undefined : tls?.certificate(),
      fetch(request, server) {
        // A Host that is absent or no host leaves a URL without an origin, in which paths would be read wrongly. Of two, a proxy
        // may believe the other one (RFC 9112, section 3.2).
        if (!URL.canParse(request.url) || request.headers.get("host")?.includes(","))
          return new Response("The request needs a valid Host header\n", { status: 400 });
        const address = clientAddress(server, request, config.trustedProxies);
        return app.fetch(request, { address, port: serves });
      },
    }),
  );
  const renewCertificates = async (work: (tls: ServerTls) => Promise<boolean>): Promise<void> => {
    try {
      if (!tls || !(await work(tls))) return;
      for (const [index, { tls: mode }] of ports.entries())
        if (mode !== "off") listeners[index]!.swap(tls.certificate());
    } catch (error) {
      log.error({ err: error }, "the certificate was not changed: the previous certificate stays in use");
    }
  };
  const renewal = setInterval(() => void renewCertificates((tls) => tls.renew()), RENEWAL_INTERVAL_MS);
  const sweep = setInterval(() => {
    removeEndedSensors(db, now(), reads.db).catch((error: unknown) =>
      log.warn({ err: error }, "ephemeral sensors could not be removed"),
    );
    mergeByRule(db, now(), config.checkInIntervalSeconds, reads.db).catch((error: unknown) =>
      log.warn({ err: error }, "sensors of hosts that were installed anew could not be merged"),
    );
    emptyDeletedGroups(db).catch((error: unknown) =>
      log.warn({ err: error }, "assets could not be taken out of deleted asset groups"),
    );
    sweepIdempotencyKeys(db, now()).catch((error: unknown) =>
      log.warn({ err: error }, "expired idempotency keys could not be deleted"),
    );
  }, SWEEP_INTERVAL_MS);
  const flush = setInterval(() => {
    refusals
      .flush()
      .catch((error: unknown) => log.warn({ err: error }, "refused enrollments could not be written"));
  }, FLUSH_INTERVAL_MS);
  const [{ url }] = listeners as [Listener];
  const code = await issueSetupCode(db);
  if (!config.databaseUrl) removeLeftOvers(config.dataDir);
  const urls = listeners.map((listener) => listener.url);
  log.info(
    { version: RELEASE, commit: COMMIT, pid: process.pid, urls, config: shownConfig(config) },
    "started",
  );
  const opened = starting.move();
  return {
    url,
    sensorUrl: listeners[1]?.url,
    reloadCertificates: () => renewCertificates((tls) => tls.reload()),
    // Behind #, the code is not sent to any server and stands in no log.
    setupLink: code === undefined ? undefined : `${config.publicUrl ?? url}/setup#code=${code}`,
    async [Symbol.asyncDispose]() {
      log.info("stopping: open requests are completed first");
      clearInterval(sweep);
      clearInterval(flush);
      clearInterval(renewal);
      changes.close();
      await Promise.all(listeners.map((listener) => listener.stop()));
      await writeAll(refusals, log);
      await listening?.[Symbol.asyncDispose]();
      await opened.disposeAsync();
      log.info("stopped");
      await flushLog(log);
    },
  };
}

/** The operator's, else the one of the data folder, which is made before any server has started on the database. */
async function readSecret(db: Database, config: Config): Promise<string> {
  if (config.secret === undefined && !(await hasSecretCheck(db))) createSessionSecret(config.dataDir);
  const secret = config.secret ?? readSessionSecret(config.dataDir);
  await requireSameSecret(db, secret);
  return secret;
}

/** What is lost here is refusals; it keeps no server from ending. */
async function writeAll(refusals: RefusalLedger, log: Logger): Promise<void> {
  try {
    while ((await refusals.flush()) > 0);
  } catch (error) {
    log.warn({ err: error }, "refused enrollments could not be written");
  }
}

type Port = Config["listen"] & {
  tls: ReturnType<typeof tlsOf>;
  serves: "shared" | "sensors" | "people";
};

/** The port of people first; the last is that of sensors. */
function portsOf(config: Config): Port[] {
  const { listen, sensorListen } = config;
  const tls = tlsOf(config, listen);
  if (!sensorListen) return [{ ...listen, tls, serves: "shared" }];
  return [
    { ...listen, tls, serves: "people" },
    { ...sensorListen, tls: tlsOf(config, sensorListen), serves: "sensors" },
  ];
}

function urlOf({ hostname, tls }: Port, port: number): string {
  return `${tls === "off" ? "http" : "https"}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** The operator's files; else for the private CA every name by which sensors may call this machine. */
function tlsSource(config: Config): Pick<TlsSource, "files" | "names"> {
  const { tlsCert, tlsKey, tlsNames, publicUrl, sensorUrl, listen, sensorListen } = config;
  const files = tlsCert && tlsKey ? { certificate: tlsCert, key: tlsKey } : undefined;
  const urls = [publicUrl, sensorUrl].flatMap((url) =>
    url ? new URL(url).hostname.replace(/^\[|\]$/g, "") : [],
  );
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address }) => (address.includes("%") ? [] : address)),
  );
  const bound = [listen, sensorListen].flatMap((one) =>
    one && !/^(0\.0\.0\.0|::)$/.test(one.hostname) ? one.hostname : [],
  );
  const all = [...tlsNames, ...urls, ...bound, hostname(), "localhost", "127.0.0.1", "::1", ...own];
  // A name with a character that certificates cannot hold is left out: it would keep the server from starting.
  const names = [...new Set(all.map((name) => name.toLowerCase()))].filter(
    (name) => isIP(name) || /^[\x21-\x7e]{1,253}$/.test(name),
  );
  return { files, names: names.slice(0, MAX_NAMES) };
}

function connectionOf(
  config: Config,
  sensors: Port,
  tls: ServerTls | undefined,
  portNow: () => number,
): Connection {
  const { publicUrl, sensorUrl } = config;
  const isEverywhere = /^(0\.0\.0\.0|::)$/.test(sensors.hostname);
  const ownPort = () => {
    const url = new URL(urlOf(sensors, portNow()));
    if (publicUrl) url.hostname = new URL(publicUrl).hostname;
    else if (isEverywhere) url.hostname = hostname();
    return url.origin;
  };
  const shown = sensors.tls === "off" ? undefined : tls;
  return {
    sensorUrl: () => sensorUrl ?? (sensors.serves === "sensors" ? ownPort() : (publicUrl ?? null)),
    certificate() {
      const certificate = shown?.certificate();
      return certificate && { pin: pinOf(certificate.chain), expiresAt: certificate.expiresAt };
    },
    roots: () => shown?.roots(),
  };
}

function clientAddress(
  server: Server<undefined>,
  request: Request,
  trustedProxies: readonly string[],
): string {
  const peer = (server.requestIP(request)?.address ?? "unknown").replace(/^::ffff:(?=\d+\.)/, "");
  return clientAddressOf(peer, request.headers.get("x-forwarded-for"), trustedProxies);
}
