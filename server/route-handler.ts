// Connects a route's declaration to its handler, and lists the parts of the server that handlers may use.
// Only routes and http/ import this file, because rules receive only what they need.
import type { Access, Route, RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import type { Logger } from "pino";
import type { HttpRequest, SensorCaller, SessionUser, User } from "./caller.ts";
import type { Connection } from "./certificates/connection.ts";
import type { openChangeStreams } from "./changes/changes.ts";
import type { Database } from "./db/schema.ts";
import type { TokenHolder } from "./enrollment/authenticate-holder.ts";
import type { CheckedToken, TokenCheck } from "./enrollment/check-token.ts";
import type { EnrollRequest } from "./enrollment/enroll-batch.ts";
import type { TokenQueue } from "./enrollment/enrollment-queue.ts";
import type { KnownTokens } from "./enrollment/known-tokens.ts";
import type { RefusalLedger } from "./enrollment-tokens/refusal-ledger.ts";
import type { Health } from "./health.ts";
import type { IdempotentRequest } from "./idempotency.ts";
import type { SortedItems } from "./inventory/sorted-items.ts";
import type { ExportFormat } from "./list-export.ts";
import type { Downloads } from "./releases/downloads.ts";
import type { InstallScripts } from "./releases/install-scripts.ts";
import type { Releases } from "./releases/offered-releases.ts";
import type { Enrolled } from "./sensors/create-sensors.ts";
import type { AgreementKeys } from "./sensors/identity/agreement-keys.ts";
import type { OwnAuthorities } from "./sensors/identity/own-authorities.ts";
import type { openResponseSigner } from "./sensors/identity/response-signature.ts";
import type { SensorBudget } from "./sensors/identity/sensor-budget.ts";
import type { VerifyEd25519 } from "./sensors/identity/verify-ed25519.ts";
import type { Presence } from "./sensors/record/presence-store.ts";
import type { RememberedSensors } from "./sensors/record/remembered-sensors.ts";
import { streamText } from "./streamed-text.ts";
import type { ServerFacts } from "./system/server-facts.ts";
import type { CountFleet } from "./updates/fleet-counts.ts";
import type { Plans } from "./updates/plan.ts";
import type { openLinkAttempts } from "./users/one-time-links.ts";
import type { openSetupAttempts } from "./users/set-up.ts";
import type { openSignIn } from "./users/sign-in.ts";

/** The parts of the server that handlers use. */
export interface Services {
  db: Database;
  /** For reads of users. A long query here does not delay other requests. */
  reads: Database;
  /** For reads of whole lists: they may take long, and must not delay the pages that others wait for. */
  longReads: Database;
  sortedItems: SortedItems;
  now: () => number;
  log: Logger;
  checkInIntervalSeconds: number;
  /** The age of a key at which the server requests its rotation. */
  keyMaxAgeMs: number;
  health: Health;
  /** Signs refusals of sensors' requests. */
  answers: ReturnType<typeof openResponseSigner>;
  /** For the keys of sensors' MACs. */
  agreementKeys: AgreementKeys;
  connection: Connection;
  signIn: ReturnType<typeof openSignIn>;
  /** The installation's secret, which seals other secrets. */
  secret: string;
  setupAttempts: ReturnType<typeof openSetupAttempts>;
  linkAttempts: ReturnType<typeof openLinkAttempts>;
  presence: Presence;
  rememberedSensors: RememberedSensors;
  sensorBudget: SensorBudget;
  authorities: OwnAuthorities;
  verifyEd25519: VerifyEd25519;
  knownTokens: KnownTokens;
  enrollQueue: TokenQueue<EnrollRequest, Enrolled>;
  checkQueue: TokenQueue<TokenCheck, CheckedToken>;
  refusals: RefusalLedger;
  changes: ReturnType<typeof openChangeStreams>;
  releases: Releases;
  downloads: Downloads;
  installScripts: InstallScripts;
  /** The plan of updates. */
  plans: Plans;
  countFleet: CountFleet;
  system: ServerFacts;
}

type CallerOf<A extends Access, S> = A extends "public"
  ? Record<never, never>
  : A extends "sensor"
    ? { sensor: SensorCaller }
    : A extends "enrollment-token" | "re-enrollment-ticket"
      ? { holder: TokenHolder }
      : { user: S extends true ? SessionUser : User };

/** For a route that creates an object: the argument of `createOnce`. */
type KeyOf<C> = C extends true ? { idempotency: IdempotentRequest | undefined } : Record<never, never>;

export type HandlerRequest<R extends Route> = RouteInput<R> &
  CallerOf<R["access"], R["needsSession"]> &
  KeyOf<R["creates"]> & { http: HttpRequest };

export interface RouteHandler {
  route: Route;
  handle: (request: never, services: Services) => Promise<unknown>;
}

/** Connects a route to its handler, which receives parsed input and an authorized caller. */
export function handler<R extends Route>(
  route: R,
  handle: (request: HandlerRequest<R>, services: Services) => Promise<RouteOutput<R>>,
): RouteHandler {
  return { route, handle };
}

/** The handlers of the two routes that export a list. `open` returns the text in parts. */
export function exportHandlers<R extends Route>(
  { noun, csv, jsonLines }: { noun: string; csv: R; jsonLines: Route },
  open: (
    request: HandlerRequest<R>,
    services: Services,
    format: ExportFormat,
  ) => AsyncGenerator<string> | Promise<AsyncGenerator<string>>,
): RouteHandler[] {
  const formats: Record<ExportFormat, Route> = { csv, jsonl: jsonLines };
  return (Object.keys(formats) as ExportFormat[]).map((format) => ({
    route: formats[format],
    async handle(request: HandlerRequest<R>, services: Services) {
      const { http } = request;
      http.replyStream = streamText(await open(request, services, format), services.log);
      const name = `attacklens-${noun.toLowerCase().replaceAll(" ", "-")}`;
      const at = new Date(services.now()).toISOString().slice(0, 19).replaceAll(":", "");
      http.replyHeaders.set("content-disposition", `attachment; filename="${name}-${at}.${format}"`);
      return undefined;
    },
  }));
}
