// How a route is declared: method, path, access, input, output and problems, once, for server, clients and the API reference.
import type { z } from "zod";
import type { Permission } from "./permissions.ts";
import type { ProblemCode } from "./problems.ts";

/** A permission, any signed-in user, a sensor's signature, or nobody in particular. */
export type Access = Permission | "signed-in" | "sensor" | "public";

export interface Route {
  /** Dotted name: noun, then verb, e.g. `enrollmentTokens.create`. */
  name: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Parameters in braces, as OpenAPI writes them: `/api/v1/sensors/{id}`. */
  path: string;
  access: Access;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Bytes that the body may have; 64 KiB when absent. */
  maxBodyBytes?: number;
  /** Makes an object: the request may carry an `Idempotency-Key`, so that a caller who lost the reply can repeat it. */
  creates?: true;
  /** Status of success. */
  status: 200 | 201 | 204;
  output?: z.ZodType;
  /** The content type of a reply that does not end by itself, in place of an output. */
  streams?: string;
  /** What it may answer beyond the problems that every route of its access has. */
  problems?: readonly ProblemCode[];
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Sent<S> = S extends z.ZodType ? z.input<S> : undefined;

/** What the handler of a route receives, parsed. */
export interface RouteInput<R extends Route> {
  params: Parsed<R["params"]>;
  query: Parsed<R["query"]>;
  body: Parsed<R["body"]>;
}
/** What a caller of the route sends. */
export interface RouteRequest<R extends Route> {
  params: Sent<R["params"]>;
  query: Sent<R["query"]>;
  body: Sent<R["body"]>;
}
export type RouteOutput<R extends Route> = Parsed<R["output"]>;

/** Declares a route; keeps the literal types of its parts. */
export function route<const R extends Route>(declaration: R): R {
  return declaration;
}

/** Fills the braces of a route's path. */
export function routePath(route: Route, params: Record<string, string> = {}): string {
  return route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}
