// Wires the parts of the server that handlers use, for production and for tests.
import type { Logger } from "pino";
import type { Connection } from "./certificates/connection.ts";
import { openChangeStreams } from "./changes/changes.ts";
import { hasOneServer } from "./db/dialect.ts";
import type { Database } from "./db/schema.ts";
import { checkBatch } from "./enrollment/check-token.ts";
import { enrollBatch } from "./enrollment/enroll-batch.ts";
import { GATHERING_QUEUE_LIMITS, openTokenQueue, TOKEN_QUEUE_LIMITS } from "./enrollment/enrollment-queue.ts";
import { KNOWN_TOKEN_LIMITS, openKnownTokens } from "./enrollment/known-tokens.ts";
import { listExistingHashes } from "./enrollment-tokens/enrollment-tokens-store.ts";
import { openRefusalLedger, REFUSAL_LIMITS } from "./enrollment-tokens/refusal-ledger.ts";
import { openHealth } from "./health.ts";
import type { SortedItems } from "./inventory/sorted-items.ts";
import { DOWNLOAD_LIMITS, openDownloads } from "./releases/downloads.ts";
import { openInstallScripts } from "./releases/install-scripts.ts";
import { openReleases } from "./releases/offered-releases.ts";
import type { Services } from "./route-handler.ts";
import { openAgreementKeys } from "./sensors/identity/agreement-keys.ts";
import { type OwnNames, openOwnAuthorities } from "./sensors/identity/own-authorities.ts";
import { openResponseSigner } from "./sensors/identity/response-signature.ts";
import { openSensorBudget } from "./sensors/identity/sensor-budget.ts";
import { countFreeCores, openVerifier } from "./sensors/identity/verify-ed25519.ts";
import { openPresence } from "./sensors/record/presence-store.ts";
import { openRememberedSensors } from "./sensors/record/remembered-sensors.ts";
import type { ServerFacts } from "./system/server-facts.ts";
import { openFleetCounts } from "./updates/fleet-counts.ts";
import { openPlans } from "./updates/plan.ts";
import { listAuthorized } from "./users/authorized-users.ts";
import { openLinkAttempts } from "./users/one-time-links.ts";
import { type AttemptCounts, countAttempts } from "./users/rate-limit.ts";
import { openSetupAttempts } from "./users/set-up.ts";
import { openSignIn } from "./users/sign-in.ts";

export interface ServicesOptions {
  /** The folder with the releases. */
  dataDir: string;
  db: Database;
  /** Absent: `db`. */
  presenceDb?: Database;
  reads: Database;
  longReads: Database;
  sortedItems: SortedItems;
  now: () => number;
  log: Logger;
  /** At least 32 characters. The same on every server of a database. */
  secret: string;
  publicUrl: string;
  /** Users connect by HTTPS. */
  secure: boolean;
  checkInIntervalSeconds: number;
  keyMaxAgeMs: number;
  connection: Connection;
  ownNames: OwnNames;
  /** Absent: this process counts. */
  attempts?: AttemptCounts;
  /** The processes of the server: limits in memory are divided by it. */
  processes?: number;
  /** Absent: of a server that has just started, without jobs. */
  system?: Omit<ServerFacts, "secure">;
  /** The clock of sessions. better-auth uses the system's clock, so tests set only the other clock. */
  sessionNow: () => number;
  /** Users without a second factor must add one first. */
  requiresSecondFactor?: boolean;
}

export function openServices(options: ServicesOptions): Services {
  const { db, reads, longReads, sortedItems, now, log, secret, publicUrl, secure, sessionNow } = options;
  const {
    checkInIntervalSeconds,
    keyMaxAgeMs,
    connection,
    ownNames,
    dataDir,
    attempts,
    processes = 1,
    requiresSecondFactor = false,
  } = options;
  // Together, the processes allow what one server does.
  const share = (limit: number) => Math.ceil(limit / processes);
  const releases = openReleases(dataDir, { log, now: Date.now });
  const health = openHealth(db, { now, log });
  const answers = openResponseSigner(secret);
  return {
    ...{
      db,
      reads,
      longReads,
      sortedItems,
      now,
      log,
      checkInIntervalSeconds,
      keyMaxAgeMs,
      connection,
      health,
    },
    presence: openPresence({ db: options.presenceDb ?? db, reads: db }, health),
    rememberedSensors: openRememberedSensors(db),
    answers,
    agreementKeys: openAgreementKeys(secret, answers.signText),
    signIn: openSignIn(db, {
      secret,
      publicUrl,
      secure,
      now: sessionNow,
      attempts,
      processes,
      requiresSecondFactor,
    }),
    secret,
    setupAttempts: openSetupAttempts(attempts ?? countAttempts(now)),
    linkAttempts: openLinkAttempts(attempts ?? countAttempts(now)),
    sensorBudget: openSensorBudget(now, processes),
    authorities: openOwnAuthorities(ownNames),
    verifyEd25519: openVerifier(() => countFreeCores(processes)),
    knownTokens: openKnownTokens((hashes) => listExistingHashes(db, hashes), now, {
      ...KNOWN_TOKEN_LIMITS,
      paceMs: KNOWN_TOKEN_LIMITS.paceMs * processes,
      waiting: share(KNOWN_TOKEN_LIMITS.waiting),
    }),
    enrollQueue: openTokenQueue(
      now,
      (batch) => enrollBatch(db, batch, checkInIntervalSeconds),
      hasOneServer(db) ? GATHERING_QUEUE_LIMITS : TOKEN_QUEUE_LIMITS,
    ),
    checkQueue: openTokenQueue(now, (batch) => checkBatch(db, batch), { ...TOKEN_QUEUE_LIMITS, running: 1 }),
    refusals: openRefusalLedger(db, now, {
      ...REFUSAL_LIMITS,
      atOncePerSecond: share(REFUSAL_LIMITS.atOncePerSecond),
    }),
    changes: openChangeStreams(db, (callers) => listAuthorized(db, now(), callers)),
    releases,
    downloads: openDownloads({
      now: Date.now,
      limits: {
        downloads: share(DOWNLOAD_LIMITS.downloads),
        downloadsOfNetwork: share(DOWNLOAD_LIMITS.downloadsOfNetwork),
      },
    }),
    installScripts: openInstallScripts(connection),
    plans: openPlans({ db, releases, now, log }),
    countFleet: openFleetCounts(reads, now),
    system: {
      secure,
      ...(options.system ?? { startedAt: now(), processes, publicUrl, readJobs: async () => [] }),
    },
  };
}
