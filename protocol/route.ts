// The declaration of a route: method, path, access, input, output and problems. Server, clients and the API
// reference use the same declaration.
import type { z } from "zod";
import type { Permission } from "./permissions.ts";
import type { ProblemCode } from "./problems.ts";

/**
 * Who may call a route: a user with a permission, any signed-in user, an enrolled sensor by its signature,
 * the bearer of an enrollment token or of a re-enrollment ticket, or anyone.
 */
export type Access =
  | Permission
  | "signed-in"
  | "sensor"
  | "enrollment-token"
  | "re-enrollment-ticket"
  | "public";

/** Sections of the API reference. */
export const TAGS = [
  "Setup and sign-in",
  "Account",
  "Enrollment tokens",
  "Sensors",
  "Assets",
  "Asset groups",
  "Views",
  "Updates",
  "API keys",
  "Users",
  "Audit log",
  "Changes",
  "For sensors",
  "Installation",
] as const;
export type Tag = (typeof TAGS)[number];

/**
 * Standings in which a sensor with a valid signature cannot use a route. Each route for sensors lists those
 * that it accepts. `unsettled`: this instance has not checked in yet, so another host may own the key.
 * `clone`: another host owns it.
 */
export const SENSOR_STANDINGS = ["unsettled", "clone", "awaiting-approval", "blocked"] as const;
export type SensorStanding = (typeof SENSOR_STANDINGS)[number];

/** Limits of a body. A parser checks them before the schema and stops at the limit. */
export interface BodyLimits {
  bytes: number;
  /** Values of any kind, at every depth. */
  values: number;
  /** Elements of one array. */
  items: number;
}
const BODY_LIMITS: BodyLimits = { bytes: 64 * 1024, values: 5_000, items: 5_000 };

/** The limits of a route's body: its own, or the defaults. */
export function bodyLimitsOf({ bodyLimits }: Route): BodyLimits {
  return bodyLimits ? { ...BODY_LIMITS, ...bodyLimits } : BODY_LIMITS;
}

export interface Route {
  /** Dotted name: noun, then verb, e.g. `enrollmentTokens.create`. */
  name: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Parameters in braces, as OpenAPI writes them: `/api/v1/sensors/{id}`. */
  path: string;
  access: Access;
  tag: Tag;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Returns what the schema of the body returns, at a lower cost, or undefined: the schema decides. */
  parseUsual?: (body: unknown) => unknown;
  bodyLimits?: Partial<BodyLimits>;
  /**
   * For routes for sensors: standings in which the route may be called, in addition to that of a settled,
   * approved sensor.
   */
  accepts?: readonly SensorStanding[];
  /** For routes for sensors: the signature may be a MAC. */
  acceptsMac?: true;
  /**
   * For routes for sensors: the request counts against the sensor's upload budget, and a sensor sends one at
   * a time.
   */
  isUpload?: true;
  /** For routes with a token or a ticket: signed with the key in the body, which is also the `keyid`. */
  isSignedByNewKey?: true;
  /**
   * Creates an object. The request may have an `Idempotency-Key`, so that a caller can repeat it after a lost
   * reply.
   */
  creates?: true;
  /** Works also while the user must add a second factor, to add one. */
  beforeSecondFactor?: true;
  /** Only for users with a session. An API key must not change the account of its creator. */
  needsSession?: true;
  /**
   * The user must have signed in, or confirmed their identity, a short time ago. `in-part`: only for some
   * inputs, which the handler decides. API keys are exempt, because a program has no one to ask.
   */
  recentSignIn?: "always" | "in-part";
  /**
   * The reply contains a secret. It is never compressed: beside input of an attacker, its size would reveal
   * the secret (BREACH).
   */
  showsSecret?: true;
  /** Status of success. */
  status: 200 | 201 | 204;
  output?: z.ZodType;
  /** The content type of a streamed reply, instead of an output. */
  streams?: string;
  /**
   * The content type of a reply that is a file. It can be requested in part and conditionally (RFC 9110,
   * sections 13 and 14).
   */
  file?: string;
  /** Problems that the route may return, in addition to those of every route with the same access. */
  problems?: readonly ProblemCode[];
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Sent<S> = S extends z.ZodType ? z.input<S> : undefined;

/** The parsed input that the handler of a route receives. */
export interface RouteInput<R extends Route> {
  params: Parsed<R["params"]>;
  query: Parsed<R["query"]>;
  body: Parsed<R["body"]>;
}
/** The input that a caller of the route sends. */
export interface RouteRequest<R extends Route> {
  params: Sent<R["params"]>;
  query: Sent<R["query"]>;
  body: Sent<R["body"]>;
}
export type RouteOutput<R extends Route> = Parsed<R["output"]>;

/** Declares a route and keeps the literal types of its parts. */
export function route<const R extends Route>(declaration: R): R {
  return declaration;
}

/** Replaces the parameters in a route's path. */
export function routePath(route: Route, params: Record<string, string> = {}): string {
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}
