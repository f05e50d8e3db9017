// Calls routes of the API and reads their problems.
import { IDEMPOTENCY_KEY_HEADER, newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import { PROBLEMS, Problem, type ProblemCode, problemBody } from "@attacklens/protocol/problems.ts";
import { type Route, type RouteOutput, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";

/** The params, query and body that the route has. The query is optional. */
export type ApiRequest<R extends Route> = {
  [K in "params" | "body" as RouteRequest<R>[K] extends undefined ? never : K]: RouteRequest<R>[K];
} & (RouteRequest<R>["query"] extends undefined ? unknown : { query?: RouteRequest<R>["query"] });

interface Sent {
  params?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
}

interface CallOptions {
  signal?: AbortSignal;
  /** For a route that creates an object: the same key for every attempt of one request. */
  idempotencyKey?: string;
}

/** Calls a route. Throws a `Problem` if the server refuses, fails or cannot be reached. */
export async function callApi<R extends Route>(
  route: R,
  request: ApiRequest<R>,
  { signal, idempotencyKey }: CallOptions = {},
): Promise<RouteOutput<R>> {
  const sent = request as Sent;
  const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
  if (route.method !== "GET") headers["content-type"] = "application/json";
  if (idempotencyKey) headers[IDEMPOTENCY_KEY_HEADER] = idempotencyKey;
  const response = await fetch(routePath(route, sent.params) + queryString(sent.query), {
    method: route.method,
    headers,
    body: route.body ? JSON.stringify(sent.body) : null,
    credentials: "same-origin",
    cache: "no-store",
    signal: signal ?? null,
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new Problem("unavailable", "The server cannot be reached.", { cause });
  });
  if (!response.ok) throw await readProblem(response);
  if (response.status === 204) return undefined as RouteOutput<R>;
  return (await response.json().catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new Problem("unavailable", "The server's reply is incomplete.", { cause });
  })) as RouteOutput<R>;
}

/** Creates an object from the input of the user. */
export type Creation<R extends Route> = (
  typed: unknown,
  toRequest: () => ApiRequest<R>,
) => Promise<RouteOutput<R>>;

/**
 * Calls a route that creates an object. While it is unknown whether the server created the object, the same
 * input sends the same request with the same key. Pressing the button several times therefore creates one
 * object.
 */
export function openCreation<R extends Route>(route: R): Creation<R> {
  let pending: { typed: string; request: ApiRequest<R>; idempotencyKey: string } | undefined;
  return async (typed, toRequest) => {
    const text = JSON.stringify(typed);
    if (pending?.typed !== text)
      pending = { typed: text, request: toRequest(), idempotencyKey: newIdempotencyKey() };
    const { request, idempotencyKey } = pending;
    try {
      const created = await callApi(route, request, { idempotencyKey });
      pending = undefined;
      return created;
    } catch (error) {
      if (problemOf(error).status < 500) pending = undefined;
      throw error;
    }
  };
}

function queryString(query: Record<string, unknown> = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/** Statuses with which a proxy can refuse a request before the server reads it. */
const CODES_BY_STATUS: Partial<Record<number, ProblemCode>> = {
  404: "not-found",
  405: "method-not-allowed",
  408: "request-timeout",
  413: "body-too-large",
  429: "too-many-requests",
};

/**
 * Reads a problem (RFC 9457). Another response, such as the error page of a proxy, becomes a problem by its
 * status.
 */
export async function readProblem(response: Response): Promise<Problem> {
  const parsed = problemBody.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) {
    const { code, detail, title, fields, requestId } = parsed.data;
    const text = detail ?? `${title} (request ${requestId})`;
    return new Problem(code, sentence(text), fields ? { fields } : {});
  }
  const code =
    response.status >= 500 ? "unavailable" : (CODES_BY_STATUS[response.status] ?? "malformed-request");
  return new Problem(code, `${PROBLEMS[code].title} (status ${response.status}).`);
}

/** Converts any thrown value to a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem("internal-error", error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
