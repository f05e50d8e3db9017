// What a route's handler is given and gives: types only, and the pair that ties a declaration to its handler.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { LostSensorRule } from "@attacklens/protocol/lost-sensors.ts";
import type { Role } from "@attacklens/protocol/permissions.ts";
import type { Access, Route, RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import type { Logger } from "pino";
import type { Database, EnrollmentAttemptTable } from "./db/schema.ts";
import type { IdempotentRequest } from "./idempotency.ts";

/** A person who is signed in, or whose API key is shown. */
export interface User {
  id: string;
  name: string;
  email: string;
  /** Through a key: the lower of its role and the person's. */
  role: Role;
  /** The key by which the person's program calls. */
  apiKey?: { id: string; name: string };
}

/** A sensor whose signature was verified and whose nonce is spent. */
export interface SensorCaller {
  id: string;
  version: string;
  /** When its first inventory was complete; null: not yet. */
  reportedAt: number | null;
  /** The instance of the sensor that sent the request. */
  instanceId: string;
  /** holder: of the key; open: its first check-in will tell; clone: another host holds the key. */
  standing: "holder" | "open" | "clone";
  /** Another start has appeared with the key, on what looks like another host. */
  hasNewcomers: boolean;
  keyChangedAt: number;
}

/** Sign-in and sessions, as `users/sign-in.ts` opens them. `cookies` are `Set-Cookie` values for the reply. */
export interface SignIn {
  findSession(headers: Headers): Promise<{ user: User; cookies: string[] } | undefined>;
  signIn(
    email: string,
    password: string,
    client: Pick<HttpRequest, "headers" | "address">,
  ): Promise<{ user: User; cookies: string[] }>;
  signOut(user: User, headers: Headers): Promise<string[]>;
}

/** What `health.ts` knows of the database. */
export interface Health {
  /** Something was committed. */
  succeeded(): void;
  /** A commit failed; it counts when the reason is an outage of the database. */
  failed(error: unknown): void;
  /** A request failed by an outage: a probe shows whether it goes on. */
  doubt(): void;
  /** Throws unavailable when neither the last commit nor a probe could write. */
  requireWritable(): Promise<void>;
}

/** What `users/set-up.ts` counts. */
export interface SetupAttempts {
  /** Counts a wrong set-up code. Throws too-many-requests when there were too many. */
  countWrongCode(address: string): void;
}

/** What `sensors/sensor-budget.ts` counts: uploads by their bytes, other requests by their number. */
export interface SensorBudget {
  /** Throws too-many-requests when the sensor has used up its hour, or sends too much at a time. Counts nothing. */
  require(sensorId: string, kind: "upload" | "request", bytes: number): void;
  /** The same, and counts the request, which lasts until `release`. */
  begin(sensorId: string, kind: "upload" | "request", bytes: number): { release(): void };
}

/** A digest of the body that a signature covers. */
export interface ContentDigest {
  algorithm: "sha-256" | "sha-512";
  bytes: Uint8Array;
}

/** What `sensors/identity/own-authorities.ts` knows. */
export interface OwnAuthorities {
  /** The server's own names that a request may have been signed for, the likeliest first. */
  candidates(headers: Headers): string[];
}

/** Who shows an enrollment token or a re-enrollment ticket that exists; what the token allows is decided later. */
export interface TokenHolder {
  valueHash: string;
  /** Of a route that is signed by the new key; undefined: it is not. */
  signed: { publicKey: string; nonce: number } | undefined;
}

/** What `enrollment/known-tokens.ts` remembers. */
export interface KnownValues {
  /**
   * Returns when the hash is of a token's value; what has become of the token is not its business.
   * Throws token-unknown, or too-many-requests when too many unknown values are being tried.
   */
  require(valueHash: string): Promise<void>;
}

/** What `enrollment-tokens/refusal-ledger.ts` collects. */
export interface RefusalLedger {
  /** Writes the refusal, or when the token has too many keeps it for a flush. */
  record(refusal: EnrollmentAttemptTable): Promise<void>;
  /** Writes a part of what waits and removes old refusals; answers how many still wait. */
  flush(): Promise<number>;
}

/** A well-formed, truly signed request to enroll. */
export interface EnrollRequest {
  valueHash: string;
  publicKey: string;
  sensorVersion: string;
  host: HostFacts;
  at: number;
  address: string;
  nonce: number;
}

export interface Enrolled {
  sensorId: string;
  assetGroup: { id: string; name: string } | null;
  awaitingApproval: boolean;
}

/** What the token would do for the host. */
export interface CheckedToken extends Omit<Enrolled, "sensorId"> {
  reEnrollLost: LostSensorRule;
}

/** A host that asks what would come of its enrollment. */
export interface TokenCheck {
  valueHash: string;
  at: number;
  address: string;
  hostname: string;
}

/** What `enrollment/enrollment-queue.ts` bounds. */
export interface TokenQueue<Request, Outcome> {
  /** Answers after the commit. Throws too-many-requests when too many wait, and what the request was refused with. */
  add(request: Request): Promise<Outcome>;
}

/** What `sensors/identity/response-signature.ts` makes. */
export interface ResponseSigner {
  /** Ed25519, 32 bytes in base64url. */
  publicKey: string;
  /** Headers that sign an answer and tie it to the request's `Signature` header (RFC 9421, section 2.4). */
  sign(answer: {
    status: number;
    body: string;
    requestSignature: string;
    now: number;
  }): Record<string, string>;
}

/** What `inventory/sorted-items.ts` keeps: pages of the items of a category, in their order. */
export type SortedItems = (question: {
  category: Category;
  root: string;
  /** Hashes of the chunks that the root is of. */
  chunks: string[];
  q: string | undefined;
  /** The place of the last item of the page before. */
  after: string | undefined;
  limit: number;
}) => Promise<{
  /** JSON of each. */
  items: string[];
  /** Of the page's last item when more follow. */
  lastPlace: string | null;
  total: number;
  totalIsCapped: boolean;
}>;

/** What `changes/changes.ts` keeps open. */
export interface ChangeStreams {
  /** Server-sent events. Throws too-many-requests. */
  open(userId: string): ReadableStream<Uint8Array>;
  /** Ends every stream. */
  close(): void;
}

/** How sensors reach this server, as `server.ts` wires it. */
export interface Connection {
  /** null: the address that the console is reached by. */
  sensorUrl(): string | null;
  /** Of the certificate that sensors see; undefined: this server ends no TLS for them. */
  certificate(): { pin: string; expiresAt: number } | undefined;
  /** The private CA's, when sensors see its certificate. */
  roots(): { pin: string; pins: string[]; certificates: string[] } | undefined;
}

/** The parts of the server that handlers use. */
export interface Services {
  db: Database;
  /** For what users read: it holds up no other request, however long it takes. */
  reads: Database;
  sortedItems: SortedItems;
  now: () => number;
  log: Logger;
  checkInIntervalSeconds: number;
  /** Age at which a sensor is told to make a new key. */
  keyMaxAgeMs: number;
  health: Health;
  /** Signs what sensors are refused with. */
  answers: ResponseSigner;
  connection: Connection;
  signIn: SignIn;
  setupAttempts: SetupAttempts;
  sensorBudget: SensorBudget;
  authorities: OwnAuthorities;
  knownValues: KnownValues;
  enrollQueue: TokenQueue<EnrollRequest, Enrolled>;
  checkQueue: TokenQueue<TokenCheck, CheckedToken>;
  refusals: RefusalLedger;
  changes: ChangeStreams;
}

/** The request as it came, for the few handlers that need more than its input. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: Headers;
  /** The client's address as the server saw it. */
  address: string;
  /** Headers to send with the reply. */
  replyHeaders: Headers;
  /** The body of a route that streams. */
  replyStream?: ReadableStream<Uint8Array>;
}

type CallerOf<A extends Access> = A extends "public"
  ? Record<never, never>
  : A extends "sensor"
    ? { sensor: SensorCaller }
    : A extends "enrollment-token" | "re-enrollment-ticket"
      ? { holder: TokenHolder }
      : { user: User };

/** Of a route that creates: what `createOnce` takes. */
type KeyOf<C> = C extends true ? { idempotency: IdempotentRequest | undefined } : Record<never, never>;

export type HandlerRequest<R extends Route> = RouteInput<R> &
  CallerOf<R["access"]> &
  KeyOf<R["creates"]> & { http: HttpRequest };

export interface RouteHandler {
  route: Route;
  handle: (request: never, services: Services) => Promise<unknown>;
}

/** Ties a route to its handler: the input arrives parsed and the caller permitted. */
export function handler<R extends Route>(
  route: R,
  handle: (request: HandlerRequest<R>, services: Services) => Promise<RouteOutput<R>>,
): RouteHandler {
  return { route, handle };
}
