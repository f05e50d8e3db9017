// The wiring: opens the parts, ties them into one object, listens, and closes them in reverse.
import type { Server } from "bun";
import type { Logger } from "pino";
import { openChangeStreams } from "./changes/changes.ts";
import type { Config } from "./config.ts";
import { listenForChanges } from "./db/changes.ts";
import { openDatabase } from "./db/open.ts";
import { openKnownValues } from "./enrollment-tokens/known-values.ts";
import { openRefusalLedger } from "./enrollment-tokens/refusal-ledger.ts";
import { createApp } from "./http/app.ts";
import { type ConsoleBundle, openConsoleFiles } from "./http/console-files.ts";
import { openMetrics } from "./http/metrics.ts";
import { openUploadBudget } from "./inventory/upload-budget.ts";
import { openLog } from "./log.ts";
import { clientAddressOf } from "./networks.ts";
import type { RefusalLedger } from "./route-handler.ts";
import { openAnswerSigner } from "./sensors/answer-signature.ts";
import { authenticateSensor } from "./sensors/authenticate-sensor.ts";
import { checkBatch } from "./sensors/check-token.ts";
import { enrollBatch } from "./sensors/enroll-batch.ts";
import { openPresence } from "./sensors/presence-store.ts";
import { removeEndedSensors } from "./sensors/sensors.ts";
import { openTokenQueue, TOKEN_QUEUE_LIMITS } from "./sensors/token-queue.ts";
import { readSessionSecret } from "./session-secret.ts";
import { openSignIn } from "./users/sign-in.ts";
import { issueSetupCode } from "./users/users.ts";

/** Above every route's own limit: what is larger never reaches us. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;
/** How often ephemeral sensors are looked at whose time offline may be over. */
const SWEEP_INTERVAL_MS = 60_000;
/** How often a part of the refused enrollments is written that came too fast to be written at once. */
const FLUSH_INTERVAL_MS = 5_000;

export interface RunningServer extends AsyncDisposable {
  url: string;
  /** Present while set-up is not over: the link that makes the first Super Admin. */
  setupLink: string | undefined;
}

export async function startServer(config: Config, bundle: ConsoleBundle): Promise<RunningServer> {
  const now = Date.now;
  const log = openLog(config.logLevel);
  const db = await openDatabase(config, (error) => log.warn({ err: error }, "idle database connection lost"));
  try {
    const scheme = config.tlsCert === undefined ? "http" : "https";
    const publicUrl = config.publicUrl ?? `${scheme}://${hostOf(config.listen.hostname)}`;
    const secret = config.secret ?? readSessionSecret(config.dataDir);
    const presence = openPresence(db);
    const refusals = openRefusalLedger(db, now);
    const changes = openChangeStreams(db);
    const listening = config.databaseUrl ? listenForChanges(db, config.databaseUrl) : undefined;
    const signIn = openSignIn(db, { secret, publicUrl, now });
    const app = createApp({
      services: {
        db,
        now,
        log,
        checkInIntervalSeconds: config.checkInIntervalSeconds,
        keyMaxAgeMs: config.keyMaxAgeDays * 86_400_000,
        answers: openAnswerSigner(secret),
        signIn,
        uploadBudget: openUploadBudget(now),
        knownValues: openKnownValues(db, now),
        enrollQueue: openTokenQueue(now, (batch) => enrollBatch(db, batch)),
        checkQueue: openTokenQueue(now, (batch) => checkBatch(db, batch), {
          ...TOKEN_QUEUE_LIMITS,
          running: 1,
        }),
        refusals,
        changes,
      },
      metrics: openMetrics(),
      metricsToken: config.metricsToken,
      secure: publicUrl.startsWith("https:"),
      authenticateSensor: (http) => authenticateSensor(db, presence, now(), http),
      consoleFile: await openConsoleFiles(bundle),
    });
    const server = Bun.serve({
      hostname: config.listen.hostname,
      port: config.listen.port,
      maxRequestBodySize: MAX_REQUEST_BYTES,
      idleTimeout: 60,
      ...(config.tlsCert && config.tlsKey
        ? { tls: { cert: Bun.file(config.tlsCert), key: Bun.file(config.tlsKey) } }
        : {}),
      fetch(request, server) {
        // A Host that is absent or no host leaves a URL without an origin, in which paths would be read wrongly.
        if (!URL.canParse(request.url))
          return new Response("The request needs a valid Host header\n", { status: 400 });
        return app.fetch(request, { address: clientAddress(server, request, config.trustedProxies) });
      },
    });
    const sweep = setInterval(() => {
      removeEndedSensors(db, now()).catch((error: unknown) =>
        log.warn({ err: error }, "ephemeral sensors could not be removed"),
      );
    }, SWEEP_INTERVAL_MS);
    const flush = setInterval(() => {
      refusals
        .flush()
        .catch((error: unknown) => log.warn({ err: error }, "refused enrollments could not be written"));
    }, FLUSH_INTERVAL_MS);
    const url = `${scheme}://${hostOf(config.listen.hostname)}:${server.port}`;
    const code = await issueSetupCode(db);
    return {
      url,
      // Behind #, the code is not sent to any server and stands in no log.
      setupLink: code === undefined ? undefined : `${config.publicUrl ?? url}/setup#code=${code}`,
      async [Symbol.asyncDispose]() {
        clearInterval(sweep);
        clearInterval(flush);
        changes.close();
        // Requests in flight are answered; who stalls is not waited for.
        const deadline = setTimeout(() => void server.stop(true), STOP_TIMEOUT_MS);
        await server.stop();
        clearTimeout(deadline);
        await writeAll(refusals, log);
        await listening?.[Symbol.asyncDispose]();
        await db.destroy();
        log.flush();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** What is lost here is refusals; it keeps no server from ending. */
async function writeAll(refusals: RefusalLedger, log: Logger): Promise<void> {
  try {
    while ((await refusals.flush()) > 0);
  } catch (error) {
    log.warn({ err: error }, "refused enrollments could not be written");
  }
}

function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function clientAddress(
  server: Server<undefined>,
  request: Request,
  trustedProxies: readonly string[],
): string {
  const peer = (server.requestIP(request)?.address ?? "unknown").replace(/^::ffff:(?=\d+\.)/, "");
  return clientAddressOf(peer, request.headers.get("x-forwarded-for"), trustedProxies);
}
